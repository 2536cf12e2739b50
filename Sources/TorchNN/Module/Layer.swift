public import Torch

/// A module with one input and one output, called like a function.
///
/// Write `forward`, call the layer: the call notes where in the model it is, so that a failure inside it can say so.
/// ```swift
/// let scores = network(images)
/// ```
public protocol Layer<Input, Output>: Module {
    /// What goes in: a tensor, unless declared otherwise.
    associatedtype Input = Tensor
    /// What comes out: a tensor, unless declared otherwise.
    associatedtype Output = Tensor

    /// Computes the output.
    func forward(_ input: Input) -> Output
}

extension Layer {
    /// Computes the output.
    public func callAsFunction(_ input: Input) -> Output {
        calling { forward(input) }
    }
}

extension Module {
    /// Runs `body` as a call of this module, so that a failure inside it can say where in the model it is.
    ///
    /// A ``Layer`` does this by itself; a module with several inputs does it in its own method:
    /// ```swift
    /// func callAsFunction(_ query: Tensor, _ key: Tensor) -> Tensor {
    ///     calling { queries(query).matmul(keys(key).transpose(-2, -1)) }
    /// }
    /// ```
    public final func calling<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard let observer = callObserver else { return try computing(body) }
        observer.willCall()
        let result = try computing(body)
        observer.didCall(result)
        return result
    }

    private func computing<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard let autocast else { return try CallScope.entering(self, body) }
        let result = try withAutocast(autocast) { try CallScope.entering(self, body) }
        // Losses and metrics go on with all digits.
        guard let output = result as? Tensor, output.dtype == autocast else { return result }
        return output.to(.float32) as? Result ?? result
    }
}

/// Something that takes part in every call of a module: data parallelism.
package protocol CallObserver: AnyObject {
    /// Called before the module computes anything.
    func willCall()
    /// Called with what the module returned.
    func didCall(_ result: Any)
}
