public import Torch

/// A tensor of a module that training changes.
///
/// ```swift
/// final class Scale: Module, Layer {
///     @Parameter var factor: Tensor
///     init(_ count: Int) { factor = .ones([count]) }
///     func forward(_ input: Tensor) -> Tensor { input * factor }
/// }
/// ```
///
/// The tensor requires gradients from the moment it is put here. A `Tensor?` that is nil is no parameter, as a layer's
/// bias that was left out.
@propertyWrapper
public struct Parameter<Value: ParameterValue> {
    /// The tensor.
    public var wrappedValue: Value {
        didSet { wrappedValue.stateTensor?.requireGradients() }
    }

    /// Declares a tensor as a parameter.
    public init(wrappedValue: Value) {
        self.wrappedValue = wrappedValue
        wrappedValue.stateTensor?.requireGradients()
    }
}

/// A tensor of a module that belongs to its state but is not trained, such as running statistics.
@propertyWrapper
public struct Buffer<Value: ParameterValue> {
    /// The tensor.
    public var wrappedValue: Value

    /// Declares a tensor as a buffer.
    public init(wrappedValue: Value) {
        self.wrappedValue = wrappedValue
    }
}

/// What a parameter or buffer can be: `Tensor`, or `Tensor?` where it may be left out.
public protocol ParameterValue {
    /// The tensor, if there is one.
    var stateTensor: Tensor? { get }
}

extension Tensor: ParameterValue {
    /// Itself.
    public var stateTensor: Tensor? { self }

    fileprivate func requireGradients() {
        if dtype.isFloatingPoint, isLeaf { requiresGrad = true }
    }
}

extension Tensor?: ParameterValue {
    /// The tensor, if there is one.
    public var stateTensor: Tensor? { self }
}

/// What reflection finds of a `@Parameter` or a `@Buffer`.
protocol DeclaredTensor {
    var declared: Tensor? { get }
    var isTrained: Bool { get }
}

extension Parameter: DeclaredTensor {
    var declared: Tensor? { wrappedValue.stateTensor }
    var isTrained: Bool { true }
}

extension Buffer: DeclaredTensor {
    var declared: Tensor? { wrappedValue.stateTensor }
    var isTrained: Bool { false }
}
