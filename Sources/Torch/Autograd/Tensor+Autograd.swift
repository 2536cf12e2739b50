import CTorch

extension Tensor {
    /// Whether operations on this tensor are recorded for the backward pass.
    public var requiresGrad: Bool {
        get { withHandle { ct_requires_grad($0) } }
        set { require(withHandle { ct_set_requires_grad($0, newValue) }, "requiresGrad", [self]) }
    }

    /// Sets whether gradients are wanted, and returns the tensor itself.
    @discardableResult
    public func requiringGrad(_ value: Bool = true) -> Tensor {
        requiresGrad = value
        return self
    }

    /// Whether the tensor was made by the program rather than by a recorded operation.
    public var isLeaf: Bool { withHandle { ct_is_leaf($0) } }

    /// The gradient that backward passes have added up so far; nil where there is none.
    public var grad: Tensor? {
        get { withHandle { ct_grad($0) }.map(Tensor.init(owning:)) }
        set {
            withExtendedLifetime(newValue) {
                require(withHandle { ct_set_grad($0, newValue?.handle) }, "grad", [self, newValue])
            }
        }
    }

    /// Keeps the gradient of a tensor that is no leaf (PyTorch's `retain_grad`).
    public func retainGrad() { require(withHandle { ct_retain_grad($0) }, "retainGrad", [self]) }

    /// The same elements, cut off from the recorded operations.
    public func detach() -> Tensor { mapped("detach") { ct_detach($0) } }

    /// Adds the gradients of this tensor to the `grad` of all leaves that it was computed from.
    ///
    /// - Parameters:
    ///   - gradient: the gradient of this tensor, needed when it has more than one element.
    ///   - retainGraph: keeps what was recorded for another backward pass.
    ///   - createGraph: records the backward pass itself, for derivatives of derivatives.
    /// - Throws: `TorchError` when nothing that the tensor was computed from requires gradients, or it is no scalar; where
    ///   gradients are averaged over ranks, what happens between them.
    public func backward(gradient: Tensor? = nil, retainGraph: Bool? = nil, createGraph: Bool = false) throws {
        let observers = BackwardObservers.ofThisThread
        for observer in observers { try observer.willRunBackward() }
        let succeeded = withExtendedLifetime(gradient) {
            withHandle { ct_backward($0, gradient?.handle, retainGraph ?? createGraph, createGraph) }
        }
        let failure = succeeded ? nil : TorchError.last("backward")
        for observer in observers { try observer.didRunBackward(failure) }
        if let failure { throw failure }
    }

    /// Adds the gradients of this scalar times a number to the `grad` of all leaves that it was computed from.
    ///
    /// It gives the bits of `(self * weight).backward()`, without another operation in the graph.
    ///
    /// - Throws: as ``backward(gradient:retainGraph:createGraph:)``.
    package func backward(weight: Double) throws {
        // Of more than one number the backward pass says what is wrong.
        try backward(gradient: count == 1 ? .full(like: self, weight) : nil)
    }

    /// Lets this tensor refer to another one's elements and type, for moving parameters that others refer to.
    package func setData(_ source: Tensor) {
        require(withHandles(source) { ct_set_data($0, $1) }, "setData", [self, source])
    }
}

/// The gradients of outputs with respect to inputs, without touching any `grad` (PyTorch's `autograd.grad`).
///
/// - Parameters:
///   - outputs: what is differentiated.
///   - inputs: what it is differentiated by.
///   - outputGradients: the gradients of the outputs; ones for scalars if nil.
///   - retainGraph: keeps what was recorded for another backward pass; as `createGraph` if nil.
///   - createGraph: records the computation of the gradients itself.
/// - Returns: one gradient an input, nil where no output depends on it.
public func gradients(
    of outputs: [Tensor], withRespectTo inputs: [Tensor], outputGradients: [Tensor]? = nil, retainGraph: Bool? = nil,
    createGraph: Bool = false
) -> [Tensor?] {
    var results = [ct_tensor?](repeating: nil, count: inputs.count)
    let succeeded = withHandleList(outputs) { outputs, outputCount in
        withHandleList(inputs) { inputs, inputCount in
            withExtendedLifetime(outputGradients) {
                let seeds = outputGradients?.map { Optional($0.handle) }
                func compute(_ seeds: UnsafePointer<ct_tensor?>?) -> Bool {
                    ct_gradients(
                        outputs, outputCount, inputs, inputCount, seeds, retainGraph ?? createGraph, createGraph,
                        &results)
                }
                return seeds.map { $0.withUnsafeBufferPointer { compute($0.baseAddress) } } ?? compute(nil)
            }
        }
    }
    require(succeeded, "gradients", outputs + inputs)
    return results.map { $0.map(Tensor.init(owning:)) }
}

/// Sets the gradients of many tensors to none, or to zero.
public func zeroGradients(of tensors: [Tensor], setToNone: Bool = true) {
    require(withHandleList(tensors) { ct_zero_grad($0, $1, setToNone) }, "zeroGrad", [])
}
