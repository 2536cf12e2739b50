import OrderedCollections
import Torch
import TorchNN

/// A small model with parameters of several sizes, in double precision where results are compared.
final class Perceptron: Module, Layer {
    let layers: Sequential

    init(seed: UInt64, dtype: DType = .float64) {
        let generator = Generator(seed: seed)
        layers = Sequential {
            Linear(6, 5, generator: generator); ReLU(); Linear(5, 3, generator: generator)
        }
        super.init()
        to(dtype)
    }

    func forward(_ input: Tensor) -> Tensor { layers(input) }
}

/// A convolution with batch normalisation, whose statistics are buffers.
final class Normalized: Module, Layer {
    let convolution: Conv2d
    let normalization = BatchNorm2d(4)
    let output: Linear

    init(seed: UInt64, dtype: DType = .float64) {
        let generator = Generator(seed: seed)
        convolution = Conv2d(2, 4, kernelSize: 3, generator: generator)
        output = Linear(4, 3, generator: generator)
        super.init()
        to(dtype)
    }

    func forward(_ input: Tensor) -> Tensor {
        output(normalization(convolution(input)).relu().mean(dims: [2, 3]))
    }
}

/// A model of which some calls use only one branch.
final class Branches: Module, Layer {
    let common: Linear
    let extra: Linear
    var usesExtra = true

    init(seed: UInt64) {
        let generator = Generator(seed: seed)
        common = Linear(4, 3, generator: generator)
        extra = Linear(4, 3, generator: generator)
        super.init()
        to(.float64)
    }

    func forward(_ input: Tensor) -> Tensor { usesExtra ? common(input) + extra(input) : common(input) }
}

/// Numbers that depend on the arguments alone.
func numbers(_ shape: [Int], seed: UInt64, dtype: DType = .float64) -> Tensor {
    Tensor.randn(shape, generator: Generator(seed: seed)).to(dtype)
}

extension Module {
    /// The elements of all gradients, in order; those of a parameter without a gradient are left out.
    var gradientElements: [Double] { parameters.flatMap { $0.tensor.grad?.to(.float64).array(of: Double.self) ?? [] } }

    /// The elements of parameters and buffers, in order.
    var stateElements: [Double] { stateDictionary().values.flatMap { $0.detach().to(.float64).array(of: Double.self) } }
}

/// The largest difference between two lists; infinite where their lengths differ.
func distance(_ one: [Double], _ other: [Double]) -> Double {
    guard one.count == other.count else { return .infinity }
    return zip(one, other).map { abs($0 - $1) }.max() ?? 0
}
