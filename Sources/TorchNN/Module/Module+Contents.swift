public import OrderedCollections
public import Torch

extension Module {
    /// This module and all inside it, each once, with its path; the module itself has the path `""`.
    public final var namedModules: [(name: String, module: Module)] {
        var found: [(name: String, module: Module)] = []
        var seen: Set<ObjectIdentifier> = []
        visit(path: "") { path, module in
            guard seen.insert(ObjectIdentifier(module)).inserted else { return false }
            found.append((path, module))
            return true
        }
        return found
    }

    /// All parameters with their names, in order of declaration; one that stands in two places counts once.
    public final var parameters: [NamedParameter] {
        var seen: Set<UnsafeRawPointer> = []
        return namedTensors { member in
            if case .parameter(let tensor) = member { tensor } else { nil }
        }.filter { seen.insert($0.tensor.identity).inserted }
    }

    /// All buffers with their names, in order of declaration.
    public final var buffers: [NamedParameter] {
        var seen: Set<UnsafeRawPointer> = []
        return namedTensors { member in
            if case .buffer(let tensor) = member { tensor } else { nil }
        }.filter { seen.insert($0.tensor.identity).inserted }
    }

    /// The number of trained numbers.
    public final var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }

    /// Sets all gradients to none.
    public final func zeroGrad() { zeroGradients(of: parameters.map(\.tensor)) }

    /// Converts floating-point parameters and buffers to a type, in place.
    @discardableResult
    public final func to(_ dtype: DType) -> Self {
        replaceTensors { $0.dtype.isFloatingPoint ? $0.to(dtype) : $0 }
        return self
    }

    /// Moves parameters and buffers to a device, in place.
    @discardableResult
    public final func to(_ device: Device) -> Self {
        replaceTensors { $0.to(device) }
        return self
    }

    private func replaceTensors(_ convert: (Tensor) -> Tensor) {
        for tensor in (parameters + buffers).map(\.tensor) {
            let gradient = tensor.grad
            tensor.grad = nil
            tensor.setData(convert(tensor.detach()))
            if let gradient { tensor.grad = convert(gradient.detach()) }
        }
    }

    /// Every parameter and buffer that is reached, under every name that reaches it.
    fileprivate func namedTensors(_ choose: (ModuleMember.Content) -> Tensor?) -> [NamedParameter] {
        var found: [NamedParameter] = []
        visit(path: "") { path, module in
            for member in module.members {
                if let tensor = choose(member.content) {
                    found.append(NamedParameter(path.isEmpty ? member.name : "\(path).\(member.name)", tensor))
                }
            }
            return true
        }
        return found
    }

    private func visit(path: String, _ body: (String, Module) -> Bool) {
        guard body(path, self) else { return }
        for member in members {
            if case .module(let module) = member.content {
                module.visit(path: path.isEmpty ? member.name : "\(path).\(member.name)", body)
            }
        }
    }
}

extension Module: Stateful {
    /// Parameters and buffers by name, as PyTorch's `state_dict` has them: shared ones under each of their names.
    public final func stateDictionary() -> StateDictionary {
        var state = StateDictionary()
        for entry in namedTensors({ member in
            switch member {
            case .parameter(let tensor), .buffer(let tensor): tensor
            case .module: nil
            }
        }) {
            state[entry.name] = entry.tensor
        }
        return state
    }

    /// Copies a state into the parameters and buffers.
    ///
    /// - Throws: `StateDictionaryError` that lists all names that are missing, unexpected or of another shape; nothing
    ///   has been changed then.
    public final func load(_ state: StateDictionary) throws {
        try load(state, strict: true)
    }

    /// Copies a state into the parameters and buffers.
    ///
    /// - Parameters:
    ///   - state: tensors by name.
    ///   - strict: if false, names that only one side has are passed over.
    /// - Throws: `StateDictionaryError` as ``load(_:)``.
    public final func load(_ state: StateDictionary, strict: Bool) throws {
        let own = stateDictionary()
        if let error = StateDictionaryError(loading: state, into: own, subject: "\(type(of: self))", strict: strict) {
            throw error
        }
        withoutGradients {
            for (name, tensor) in own {
                if let value = state[name] { tensor.copy(from: value) }
            }
        }
    }
}
