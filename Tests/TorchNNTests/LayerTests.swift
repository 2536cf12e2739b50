import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchNN

/// A layer that PyTorch built from a seed and ran forward and back.
private struct LayerCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Pass: Decodable, Sendable {
        let mode: String
        let seed: UInt64
        let input: String
        let output: String
        let outputGradient: String
        let inputGradient: String?
        let gradients: [String: String]
        let buffersAfter: [String: String]

        private enum CodingKeys: String, CodingKey {
            case mode, seed, input, output, gradients
            case outputGradient = "output_gradient"
            case inputGradient = "input_gradient"
            case buffersAfter = "buffers_after"
        }
    }
    let name: String
    let module: String
    let configuration: [String: FixtureValue]
    let seed: UInt64
    let initial: [String: String]
    let state: [String: String]
    let passes: [Pass]
    var testDescription: String { name }
}

private let fixture = Result { try Fixture<LayerCase>("layers", in: fixtureFolder(near: #filePath)) }

@Suite("layers")
struct LayerTests {
    // Convolutions and products sum in another order from processor to processor.
    private let relative = 1e-5
    private let absolute = 2e-6

    @Test("a layer gives PyTorch's numbers, forward and back", arguments: try fixture.get().cases)
    private func matchesPyTorch(_ entry: LayerCase) throws {
        let fixture = try fixture.get()
        let generator = Generator(seed: entry.seed)
        let description = ModuleDescription(kind: entry.module, settings: entry.configuration)
        let layer = try #require(module(description, generator: generator), "no layer \(entry.module)")

        let initial = layer.stateDictionary()
        #expect(Set(initial.keys) == Set(entry.initial.keys))
        for (name, tensor) in initial {
            let expected = try fixture.tensor(#require(entry.initial[name]))
            // Sixteen normal numbers and more come from vectorised logarithms and cosines.
            let tolerance = entry.module == "Embedding" ? 1e-6 : 0
            let difference = tensor.difference(from: expected, relative: tolerance, absolute: tolerance)
            #expect(difference == nil, "initial \(name)")
        }
        let state = try fixture.tensors(entry.state)
        try layer.load(StateDictionary(uniqueKeysWithValues: initial.keys.map { ($0, state[$0] ?? Tensor(0)) }))

        for (number, pass) in entry.passes.enumerated() {
            try check(layer, pass, generator, fixture, "pass \(number)")
        }
    }

    private func check(
        _ layer: any Layer<Tensor, Tensor>, _ pass: LayerCase.Pass, _ generator: Generator,
        _ fixture: Fixture<LayerCase>, _ place: String
    ) throws {
        let input = try fixture.tensor(pass.input)
        input.requiresGrad = pass.inputGradient != nil
        layer.train(pass.mode == "train")
        layer.zeroGrad()
        generator.seed = pass.seed
        let output = layer(input)
        try output.backward(gradient: fixture.tensor(pass.outputGradient))

        var found: [(String, Tensor?, String)] = [("output", output.detach(), pass.output)]
        if let name = pass.inputGradient { found.append(("input gradient", input.grad, name)) }
        #expect(Set(layer.parameters.map(\.name)) == Set(pass.gradients.keys))
        for parameter in layer.parameters {
            found.append(("gradient of \(parameter.name)", parameter.tensor.grad, pass.gradients[parameter.name] ?? ""))
        }
        #expect(Set(layer.buffers.map(\.name)) == Set(pass.buffersAfter.keys))
        for buffer in layer.buffers {
            found.append(("buffer \(buffer.name)", buffer.tensor, pass.buffersAfter[buffer.name] ?? ""))
        }
        for (what, tensor, name) in found {
            let tensor = try #require(tensor, "\(place): no \(what)")
            let difference = try tensor.difference(from: fixture.tensor(name), relative: relative, absolute: absolute)
            #expect(difference == nil, "\(place): \(what)")
        }
    }

    @Test("a gradient is none for the row of an embedding that is padding")
    func paddingRow() throws {
        let layer = Embedding(4, 2, paddingIndex: 1, generator: Generator(seed: 1))
        #expect(layer.weight[1].detach().array(of: Float.self) == [0, 0])
        try layer([[0, 1], [1, 3]]).sum().backward()
        #expect(layer.weight.grad?.array(of: Float.self) == [1, 1, 0, 0, 0, 0, 1, 1])
    }

    @Test("dropout keeps the mean, and does nothing in evaluation")
    func dropout() {
        let layer = Dropout(0.25, generator: Generator(seed: 5))
        let input = Tensor.ones([10_000])
        let output = layer(input)
        #expect(Set(output.array(of: Float.self)) == [0, Float(1 / 0.75)])
        #expect(abs(Double(output.mean()) - 1) < 0.03)
        layer.eval()
        #expect(layer(input) === input)
    }

    @Test("signatures are written like the initialisers")
    func signatures() {
        let generator = Generator(seed: 0)
        let layers: [(Module, String)] = [
            (Linear(2, 3, generator: generator), "Linear(2, 3)"),
            (Linear(2, 3, bias: false, generator: generator), "Linear(2, 3, bias: false)"),
            (Conv2d(4, 6, kernelSize: 3, generator: generator), "Conv2d(4, 6, kernelSize: 3)"),
            (
                Conv2d(
                    4, 6, kernelSize: [3, 2], stride: 2, padding: [1, 0], groups: 2, bias: false, generator: generator),
                "Conv2d(4, 6, kernelSize: [3, 2], stride: 2, padding: [1, 0], groups: 2, bias: false)"
            ),
            (BatchNorm2d(3), "BatchNorm2d(3)"), (LayerNorm([2, 3]), "LayerNorm([2, 3])"),
            (Embedding(5, 2, generator: generator), "Embedding(5, 2)"), (Dropout(0.2), "Dropout(0.2)"),
            (MaxPool2d(kernelSize: 2), "MaxPool2d(kernelSize: 2, stride: 2, padding: 0)"),
            (AvgPool2d(kernelSize: [2, 1]), "AvgPool2d(kernelSize: [2, 1], stride: [2, 1], padding: 0)"),
            (AdaptiveAvgPool2d(1), "AdaptiveAvgPool2d(1)"), (Flatten(), "Flatten()"), (ReLU(), "ReLU()"),
            (GELU(), "GELU()"), (GELU(tanhApproximation: true), "GELU(tanhApproximation: true)"),
            (LogSoftmax(dim: 1), "LogSoftmax(dim: 1)"),
        ]
        for (layer, text) in layers { #expect(layer.signature == text) }
    }
}
