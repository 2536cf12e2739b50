public import Torch
public import TorchNN

/// Parameters of an optimizer that share settings, and the optimizer's state for each of them.
public final class OptimizerGroup<Settings: OptimizerSettings> {
    /// The parameters.
    public let parameters: [NamedParameter]

    /// The settings in force; they may be changed between steps, and stop the program where they make no sense.
    public var settings: Settings {
        didSet { requireSound(settings, "an optimizer's settings") }
    }

    /// How many steps were taken.
    public internal(set) var stepCount = 0

    /// Whether steps pass the group over.
    var isSuspended = false

    let tensors: [Tensor]
    private var state: [StateSlot: [Tensor?]] = [:]
    /// The parameters and their state as the kernels have them; nil until the next step where the state was replaced.
    private var kernel: Functional.ParameterUpdate?

    private init(_ parameters: [NamedParameter], _ settings: Settings) {
        self.parameters = parameters
        self.settings = settings
        tensors = parameters.map(\.tensor)
    }

    /// What is kept in a slot for one of the parameters; nil before its first update.
    public subscript(_ slot: StateSlot, _ index: Int) -> Tensor? {
        get { state[slot]?[index] }
        set {
            state[slot, default: Array(repeating: nil, count: parameters.count)][index] = newValue
            kernel = nil
        }
    }

    /// What is kept in a slot for one of the parameters, zeros before its first update.
    public func startingFromZero(_ slot: StateSlot, _ index: Int) -> Tensor {
        if let tensor = self[slot, index] { return tensor }
        let zeros = self.zeros(slot, index)
        self[slot, index] = zeros
        return zeros
    }

    func zeros(_ slot: StateSlot, _ index: Int) -> Tensor {
        slot.isScalar ? .zeros([], device: tensors[index].device) : .zeros(like: tensors[index])
    }

    /// A step over all parameters of the group in one pass; false where the kernels do not take them, and nothing was
    /// changed.
    ///
    /// - Parameters:
    ///   - slots: the state of a parameter that the step needs, as the kernels number it.
    ///   - step: the step.
    func updateInOnePass(
        _ slots: KernelSlots, _ step: (Functional.ParameterUpdate) throws -> Functional.ParameterUpdate.Outcome
    ) throws -> Bool {
        let update = try kernel ?? makeKernel(slots)
        kernel = update
        var outcome = try step(update)
        if outcome == .needsState {
            for (index, parameter) in tensors.enumerated()
            where slots.all.contains(where: { self[$0, index] == nil }) && parameter.grad != nil {
                let isNew = slots.all.allSatisfy { self[$0, index] == nil }
                for slot in slots.all { _ = startingFromZero(slot, index) }
                try name(index, slots, to: update, isNew: isNew)
            }
            kernel = update  // which the new state has not made invalid
            outcome = try step(update)
        }
        return outcome == .done
    }

    private func makeKernel(_ slots: KernelSlots) throws -> Functional.ParameterUpdate {
        let update = try Functional.ParameterUpdate(tensors)
        for index in tensors.indices where slots.all.allSatisfy({ self[$0, index] != nil }) {
            try name(index, slots, to: update, isNew: false)
        }
        return update
    }

    private func name(
        _ index: Int, _ slots: KernelSlots, to update: Functional.ParameterUpdate, isNew: Bool
    ) throws {
        func tensor(_ slot: StateSlot?) -> Tensor? { slot.flatMap { self[$0, index] } }
        try update.setState(
            index, first: tensor(slots.first), second: tensor(slots.second), largest: tensor(slots.largest),
            step: tensor(slots.step), isNew: isNew)
    }

    /// The parameters that have a gradient, by type and device, since one fused call takes one of each.
    func pendingUpdates() -> [PendingUpdate] {
        var kinds: [(dtype: DType, device: Device)] = []
        var updates: [(indices: [Int], parameters: [Tensor], gradients: [Tensor])] = []
        for (index, parameter) in tensors.enumerated() {
            guard let gradient = parameter.grad else { continue }
            let kind = (dtype: parameter.dtype, device: parameter.device)
            let position = kinds.firstIndex { $0 == kind } ?? kinds.count
            if position == kinds.count {
                kinds.append(kind)
                updates.append(([], [], []))
            }
            updates[position].indices.append(index)
            updates[position].parameters.append(parameter)
            updates[position].gradients.append(gradient)
        }
        return updates.map { PendingUpdate(indices: $0.indices, parameters: $0.parameters, gradients: $0.gradients) }
    }
}

@available(*, unavailable)
extension OptimizerGroup: Sendable {}

extension OptimizerGroup {
    /// The groups of an optimizer, each with its settings; stops the program where they make no sense.
    ///
    /// - Parameters:
    ///   - groups: the groups as they were given to the optimizer.
    ///   - settings: what holds where a group says nothing.
    ///   - optimizer: the name for messages.
    public static func resolve(
        _ groups: [ParameterGroup<Settings>], _ settings: Settings, optimizer: String
    ) -> [OptimizerGroup] {
        requireDistinctLeaves(groups.map(\.parameters), optimizer)
        return groups.enumerated().map { position, group in
            var own = settings
            group.adjust(&own)
            requireSound(own, groups.count == 1 ? optimizer : "\(optimizer), group \(position)")
            return OptimizerGroup(group.parameters, own)
        }
    }
}

private func requireSound(_ settings: some OptimizerSettings, _ subject: String) {
    let problems = settings.problems
    if !problems.isEmpty { stop("\(subject): \(problems.joined(separator: "; "))", operands: []) }
}

private func requireDistinctLeaves(_ groups: [[NamedParameter]], _ optimizer: String) {
    var positions: [String: Int] = [:]
    var names: [UnsafeRawPointer: String] = [:]
    for (position, group) in groups.enumerated() {
        for parameter in group {
            if let other = positions.updateValue(position, forKey: parameter.name) {
                let places = other == position ? "group \(position)" : "the groups \(other) and \(position)"
                stop(
                    "\(optimizer): the parameter name `\(parameter.name)` occurs twice, in \(places); names must be "
                        + "distinct, since the state is saved by them", operands: [])
            }
            if let other = names.updateValue(parameter.name, forKey: parameter.tensor.identity) {
                stop(
                    "\(optimizer): `\(other)` and `\(parameter.name)` are one tensor, which would be updated twice a "
                        + "step; leave one of them out", operands: [parameter.tensor])
            }
            if !parameter.tensor.isLeaf {
                stop(
                    "\(optimizer): `\(parameter.name)` was computed from other tensors and has no gradient of its own; "
                        + "give the tensors that it was computed from", operands: [parameter.tensor])
            }
        }
    }
    if names.isEmpty { stop("\(optimizer): there are no parameters to optimize", operands: []) }
}
