import Torch

/// What the algorithms take for one convolution.
enum ConvolutionTiming {
    /// Milliseconds of a forward and a backward pass by each algorithm, the fewest of several rounds.
    ///
    /// The algorithms take turns, so that what else happens on the machine meets all of them, and it can only add.
    static func measure(_ layer: ConvolutionLayer, batch: Int, rounds: Int) throws -> [ConvolutionAlgorithm: Double] {
        let generator = Generator(seed: 1)
        let pixels = Tensor.randn([batch, layer.image, layer.image, layer.inputs], generator: generator)
        // The channels last in memory, as the layer before leaves them. The first layer of a model needs no gradient.
        let input = pixels.permute(0, 3, 1, 2)
        input.requiresGrad = !layer.isFirst
        let weight = Functional.tapMajor(
            .randn([layer.outputs, layer.inputs, layer.kernel, layer.kernel], generator: generator)
        ).requiringGrad()
        let gradient = Tensor.randn([batch, layer.output, layer.output, layer.outputs], generator: generator)
            .permute(0, 3, 1, 2)

        func pass() throws {
            input.grad = nil
            weight.grad = nil
            let output = Functional.conv2d(
                input, weight: weight, stride: Size2D(layer.stride), padding: Size2D(layer.padding))
            try output.backward(gradient: gradient)
        }
        var milliseconds: [ConvolutionAlgorithm: Double] = [:]
        let clock = ContinuousClock()
        for round in 0...rounds {
            for algorithm in ConvolutionAlgorithm.allCases {
                let (seconds, attoseconds) = try algorithm.whileUsed { try clock.measure(pass) }.components
                // The first of each finds its memory.
                guard round > 0 else { continue }
                let found = Double(seconds) * 1e3 + Double(attoseconds) * 1e-15
                milliseconds[algorithm] = min(found, milliseconds[algorithm] ?? found)
            }
        }
        return milliseconds
    }
}
