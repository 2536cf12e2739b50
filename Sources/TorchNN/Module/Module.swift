public import Torch

/// A part of a model: parameters, buffers and smaller modules, found among its stored properties.
///
/// Parameters and buffers are declared with ``Parameter`` and ``Buffer``; a property that is a module, an optional one,
/// or an array of modules, is a part. Names follow the declarations, as PyTorch's `state_dict` names follow a module's
/// attributes: `runningMean` becomes `running_mean`, the first module of `layers` becomes `layers.0`. Override
/// ``stateNames`` where a name is to be another one.
///
/// ```swift
/// final class Network: Module, Layer {
///     let flatten = Flatten()
///     let layers = Sequential { Linear(784, 512); ReLU(); Linear(512, 10) }
///     func forward(_ input: Tensor) -> Tensor { layers(flatten(input)) }
/// }
/// Network().parameters.map(\.name)  // layers.0.weight, layers.0.bias, layers.2.weight, layers.2.bias
/// ```
///
/// Modules in a dictionary, a set, a tuple or a `lazy` property have no fixed order: the program stops at construction.
open class Module {
    /// Whether the module is being trained: dropout drops and batch normalisation uses the batch's statistics.
    public internal(set) final var isTraining = true

    /// In what its calls compute where they gain from it; nil for no other type.
    ///
    /// What they return is `float32` again.
    package final var autocast: DType?

    /// What takes part in every call of this module.
    package final weak var callObserver: (any CallObserver)?

    /// Checks the declarations of the finished object.
    public init() {
        for problem in DeclaredMembers(of: self, names: Self.stateNames).problems {
            stop("\(type(of: self)): \(problem)", operands: [])
        }
    }

    /// Names in the state that differ from what the property's name gives: property → name.
    open class var stateNames: [String: String] { [:] }

    /// How the module is written in messages and listings: `Linear(512, 10)`.
    open var signature: String { "\(type(of: self))()" }

    /// The parts directly inside this one, in order of declaration.
    open var members: [ModuleMember] { DeclaredMembers(of: self, names: Self.stateNames).members }

    /// Switches this module and all inside it to training, or to evaluation if `mode` is false.
    @discardableResult
    public final func train(_ mode: Bool = true) -> Self {
        for (_, module) in namedModules { module.isTraining = mode }
        return self
    }

    /// Switches this module and all inside it to evaluation.
    @discardableResult
    public final func eval() -> Self { train(false) }
}

@available(*, unavailable)
extension Module: Sendable {}

/// One part of a module, with its name inside it.
public struct ModuleMember {
    /// What a part can be.
    public enum Content {
        /// A tensor that training changes.
        case parameter(Tensor)
        /// A tensor that belongs to the state alone.
        case buffer(Tensor)
        /// A smaller module.
        case module(Module)
    }

    /// The name inside the module.
    public let name: String
    /// The part.
    public let content: Content

    /// Names a part.
    public init(_ name: String, _ content: Content) {
        self.name = name
        self.content = content
    }
}
