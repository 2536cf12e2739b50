public import Torch

/// Start values of parameters, drawn as PyTorch's `torch.nn.init` draws them.
///
/// Each fills a tensor in place.
public enum Initialization {
    /// The number of inputs or outputs of a unit that the scale is chosen for.
    public enum FanMode: Sendable {
        /// Keeps the variance of activations forward.
        case fanIn
        /// Keeps the variance of gradients backward.
        case fanOut
    }

    /// The non-linearity that follows, which decides the gain.
    public enum Nonlinearity: Sendable {
        /// None, or a sigmoid.
        case linear
        /// Hyperbolic tangent.
        case tanh
        /// Rectifier.
        case relu
        /// Rectifier with a slope for negative inputs.
        case leakyReLU(slope: Double)

        /// The recommended gain (PyTorch's `calculate_gain`).
        public var gain: Double {
            switch self {
            case .linear: 1
            case .tanh: 5.0 / 3
            case .relu: 2.0.squareRoot()
            case .leakyReLU(let slope): (2.0 / (1 + slope * slope)).squareRoot()
            }
        }
    }

    /// Inputs and outputs of a unit: the second and first dimension times the size of the kernel.
    public static func fans(of tensor: Tensor) -> (fanIn: Int, fanOut: Int) {
        let shape = tensor.shape
        guard shape.count >= 2 else {
            stop("fan in and fan out need at least two dimensions", operands: [tensor])
        }
        let receptiveField = shape.dropFirst(2).reduce(1, *)
        return (shape[1] * receptiveField, shape[0] * receptiveField)
    }

    /// Uniform numbers in [low, high).
    public static func uniform(
        _ tensor: Tensor, _ low: Double = 0, _ high: Double = 1, generator: Generator? = nil
    ) {
        inOrder(tensor) { _ = $0.uniform(low, high, generator: generator) }
    }

    /// Normal numbers.
    public static func normal(_ tensor: Tensor, mean: Double = 0, std: Double = 1, generator: Generator? = nil) {
        inOrder(tensor) { _ = $0.normal(mean: mean, std: std, generator: generator) }
    }

    /// One value everywhere.
    public static func constant(_ tensor: Tensor, _ value: Double) {
        withoutGradients { _ = tensor.fill(value) }
    }

    /// Uniform numbers with the variance of He 2015 (PyTorch's `kaiming_uniform_`).
    public static func kaimingUniform(
        _ tensor: Tensor, mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .leakyReLU(slope: 0),
        generator: Generator? = nil
    ) {
        let std = nonlinearity.gain / Double(fan(of: tensor, mode)).squareRoot()
        let bound = 3.0.squareRoot() * std
        uniform(tensor, -bound, bound, generator: generator)
    }

    /// Normal numbers with the variance of He 2015 (PyTorch's `kaiming_normal_`).
    public static func kaimingNormal(
        _ tensor: Tensor, mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .leakyReLU(slope: 0),
        generator: Generator? = nil
    ) {
        normal(tensor, std: nonlinearity.gain / Double(fan(of: tensor, mode)).squareRoot(), generator: generator)
    }

    /// Uniform numbers with the variance of Glorot and Bengio 2010 (PyTorch's `xavier_uniform_`).
    public static func xavierUniform(_ tensor: Tensor, gain: Double = 1, generator: Generator? = nil) {
        let bound = 3.0.squareRoot() * xavierStandardDeviation(tensor, gain)
        uniform(tensor, -bound, bound, generator: generator)
    }

    /// Normal numbers with the variance of Glorot and Bengio 2010 (PyTorch's `xavier_normal_`).
    public static func xavierNormal(_ tensor: Tensor, gain: Double = 1, generator: Generator? = nil) {
        normal(tensor, std: xavierStandardDeviation(tensor, gain), generator: generator)
    }

    /// Draws numbers in the order of the dimensions, whatever the order of memory.
    private static func inOrder(_ tensor: Tensor, _ draw: (Tensor) -> Void) {
        withoutGradients {
            guard !tensor.isContiguous else { return draw(tensor) }
            let drawn = Tensor.empty(tensor.shape, dtype: tensor.dtype, device: tensor.device)
            draw(drawn)
            tensor.copy(from: drawn)
        }
    }

    private static func fan(of tensor: Tensor, _ mode: FanMode) -> Int {
        let fans = fans(of: tensor)
        return mode == .fanIn ? fans.fanIn : fans.fanOut
    }

    private static func xavierStandardDeviation(_ tensor: Tensor, _ gain: Double) -> Double {
        let fans = fans(of: tensor)
        return gain * (2.0 / Double(fans.fanIn + fans.fanOut)).squareRoot()
    }

    /// PyTorch's start values of a layer with a weight and an optional bias, uniform in ±1/√fanIn.
    static func resetLinearLike(weight: Tensor, bias: Tensor?, generator: Generator?) {
        kaimingUniform(weight, nonlinearity: .leakyReLU(slope: 5.0.squareRoot()), generator: generator)
        guard let bias else { return }
        let fanIn = fans(of: weight).fanIn
        let bound = fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0
        uniform(bias, -bound, bound, generator: generator)
    }
}
