public import OrderedCollections

/// Tensors by name, in the order of declaration: PyTorch's `state_dict`.
public typealias StateDictionary = OrderedDictionary<String, Tensor>

/// Something whose state can be taken out and put back: modules, optimizers, generators.
public protocol Stateful: AnyObject {
    /// The state at this moment; its tensors are the live ones, not copies.
    func stateDictionary() -> StateDictionary
    /// Takes over a state, copying its elements.
    ///
    /// - Throws: an error that lists all that does not fit; nothing has been changed then.
    func load(_ state: StateDictionary) throws
}

extension Generator: Stateful {
    /// Where the stream is, under the name `state`.
    public func stateDictionary() -> StateDictionary { ["state": state()] }

    /// Puts the stream where the state was taken.
    public func load(_ state: StateDictionary) throws {
        guard let bytes = state["state"] else {
            throw TorchError(.invalidState, "a generator's state has one entry `state`; found: \(Array(state.keys))")
        }
        try load(bytes)
    }
}
