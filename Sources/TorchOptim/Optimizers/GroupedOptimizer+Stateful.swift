import OrderedCollections
public import Torch
import TorchNN

// Entries of the state, with PyTorch's names for what is kept for a parameter:
//   groups.0.parameters            uint8 [n]   the names of the group's parameters, UTF-8, a line each
//   groups.0.learning_rate         float64 []  and so on for each of `Settings.numbers`
//   groups.0.step_count            int64 []    the steps taken so far
//   layers.0.weight.exp_avg        what a slot holds for a parameter; absent before the parameter's first update
extension GroupedOptimizer {
    /// The numbers among the settings of each group, and what is kept for each parameter, by the parameter's name.
    ///
    /// The first are `groups.0.learning_rate` and so on, the second `layers.0.weight.momentum_buffer` and so on.
    public func stateDictionary() -> StateDictionary {
        var state = StateDictionary()
        for (position, group) in groups.enumerated() {
            state[membersEntry(position)] = Tensor(
                copying: Array(group.parameters.map(\.name).joined(separator: "\n").utf8))
            for number in Settings.numbers {
                state[entry(position, number)] = Tensor(group.settings[keyPath: number.property], dtype: .float64)
            }
        }
        for (position, group) in groups.enumerated() {
            state[stepEntry(position)] = Tensor(group.stepCount)
            let slots = Self.slots(for: group.settings)
            for (index, parameter) in group.parameters.enumerated() {
                for slot in slots { state[entry(parameter, slot)] = group[slot, index] }
            }
        }
        return state
    }

    /// Takes over a state, so that training goes on bit for bit where it was taken.
    ///
    /// The groups must have the same parameters as when the state was taken; the numbers among their settings become
    /// those of the state. Settings that are no numbers, such as `nesterov`, stay as the program has set them.
    ///
    /// - Throws: `StateDictionaryError` with all that does not fit, or `TorchError` when a setting makes no sense;
    ///   nothing has been changed then.
    public func load(_ state: StateDictionary) throws {
        var found = state
        var expected = StateDictionary()
        let anything = Tensor(0, dtype: .float64)
        var restored: [Settings] = []
        for (position, group) in groups.enumerated() {
            var settings = group.settings
            for number in Settings.numbers {
                let name = entry(position, number)
                expected[name] = anything
                if let value = state[name], value.shape.isEmpty { settings[keyPath: number.property] = value.item() }
            }
            restored.append(settings)
            expected[stepEntry(position)] = anything
            try compareMembers(position, group, &found, &expected, anything)
            let slots = Self.slots(for: settings)
            for (index, parameter) in group.parameters.enumerated() {
                // All or nothing: a parameter without any entry had no gradient before the state was taken.
                guard slots.contains(where: { state[entry(parameter, $0)] != nil }) else { continue }
                for slot in slots {
                    expected[entry(parameter, slot)] = slot.isScalar ? anything : group.tensors[index]
                }
            }
        }
        if let error = StateDictionaryError(loading: found, into: expected, subject: "\(type(of: self))") {
            throw error
        }
        try requireSound(restored, state)
        take(state, restored)
    }

    private func take(_ state: StateDictionary, _ settings: [Settings]) {
        for (position, (group, settings)) in zip(groups, settings).enumerated() {
            group.settings = settings
            if let count = state[stepEntry(position)] { group.stepCount = count.item() }
            for (index, parameter) in group.parameters.enumerated() {
                for slot in Self.slots(for: settings) {
                    let value = state[entry(parameter, slot)]
                    let own = value.map { _ in group[slot, index] ?? group.zeros(slot, index) }
                    if let own, let value { own.copy(from: value) }
                    group[slot, index] = own
                }
            }
        }
    }

    /// Adds the members of a group, in the state and here, to what is compared.
    private func compareMembers(
        _ position: Int, _ group: OptimizerGroup<Settings>, _ found: inout StateDictionary,
        _ expected: inout StateDictionary, _ anything: Tensor
    ) throws {
        let name = membersEntry(position)
        guard let members = found[name] else {
            expected[name] = anything
            return
        }
        expected[name] = members
        guard members.dtype == .uint8, let text = String(validating: members.array(of: UInt8.self), as: UTF8.self)
        else {
            throw TorchError(
                .invalidState,
                "\(type(of: self)): `\(name)` holds no names of parameters (\(members.dtype) \(members.shape) instead "
                    + "of UTF-8 in uint8); the state was not saved by an optimizer of this package, or is damaged")
        }
        for member in group.parameters { expected["\(member.name) (in group \(position))"] = anything }
        for member in text.split(separator: "\n") { found["\(member) (in group \(position))"] = anything }
    }

    private func requireSound(_ settings: [Settings], _ state: StateDictionary) throws {
        let problems = settings.enumerated().flatMap { position, settings in
            let steps = state[stepEntry(position)].map { Int($0) } ?? 0
            let counted = steps < 0 ? ["step_count is \(steps); it must be at least 0"] : []
            return (counted + settings.problems).map { "groups.\(position): \($0)" }
        }
        guard problems.isEmpty else {
            throw TorchError(
                .invalidState,
                "\(type(of: self)): the settings in the state make no sense here, nothing was loaded: "
                    + problems.joined(separator: "; "))
        }
    }

    private func membersEntry(_ position: Int) -> String { "groups.\(position).parameters" }

    private func stepEntry(_ position: Int) -> String { "groups.\(position).step_count" }

    private func entry(_ position: Int, _ number: SettingNumber<Settings>) -> String {
        "groups.\(position).\(number.name)"
    }

    private func entry(_ parameter: NamedParameter, _ slot: StateSlot) -> String { "\(parameter.name).\(slot.name)" }
}
