public import Torch
public import TorchNN

/// An optimizer written as the state of a parameter and one step of one group.
///
/// A conforming class says what a group's settings are, which tensors are kept for a parameter, and how a group is
/// updated; steps, gradients, learning rates and the saved state follow from that.
public protocol GroupedOptimizer: Optimizer {
    /// What can be set for a group.
    associatedtype Settings: OptimizerSettings

    /// The groups of parameters, in the order in which they were given.
    var groups: [OptimizerGroup<Settings>] { get }

    /// The tensors that are kept for a parameter once it has been updated.
    static func slots(for settings: Settings) -> [StateSlot]

    /// Changes all parameters of a group that have a gradient in one pass, where it can.
    ///
    /// - Returns: whether it could; if not, nothing was changed, and ``update(_:_:)`` is called instead. Unless written,
    ///   it cannot.
    func updateInOnePass(_ group: OptimizerGroup<Settings>) throws -> Bool

    /// Changes the parameters of a group that have a gradient; called without recording for the backward pass.
    func update(_ group: OptimizerGroup<Settings>, _ pending: PendingUpdate) throws
}

/// Parameters of one group that have a gradient and are of one type and on one device.
public struct PendingUpdate {
    /// Where the parameters stand in their group.
    public let indices: [Int]
    /// The parameters.
    public let parameters: [Tensor]
    /// Their gradients.
    public let gradients: [Tensor]

    /// The part of the update that some of its parameters make.
    func filtered(_ isIncluded: (Int) -> Bool) -> PendingUpdate {
        let chosen = indices.indices.filter { isIncluded(indices[$0]) }
        guard chosen.count < indices.count else { return self }
        return PendingUpdate(
            indices: chosen.map { indices[$0] }, parameters: chosen.map { parameters[$0] },
            gradients: chosen.map { gradients[$0] })
    }
}

extension GroupedOptimizer {
    /// All parameters, in the order of the groups.
    public var parameters: [NamedParameter] { groups.flatMap(\.parameters) }

    /// The learning rate of each group; one number a group must be set.
    public var learningRates: [Double] {
        get { groups.map(\.settings.learningRate) }
        set { assign(newValue, to: \.learningRate, "learningRates") }
    }

    /// The momentum of each group, Adam's first beta; one number a group must be set.
    public var momenta: [Double] {
        get { groups.map(\.settings.momentum) }
        set { assign(newValue, to: \.momentum, "momenta") }
    }

    /// How many steps were taken.
    public var stepCount: Int { groups.first?.stepCount ?? 0 }

    /// Whether steps change and count nothing.
    public var isSuspended: Bool {
        get { groups.first?.isSuspended ?? false }
        set { for group in groups { group.isSuspended = newValue } }
    }

    /// Clears the gradients of all parameters.
    public func zeroGrad(setToNone: Bool) {
        for group in groups { zeroGradients(of: group.tensors, setToNone: setToNone) }
    }

    /// Changes each parameter that has a gradient.
    public func step() throws {
        for group in groups where !group.isSuspended {
            if try !updateInOnePass(group) {
                try withoutGradients {
                    for pending in group.pendingUpdates() { try update(group, pending) }
                }
            }
            group.stepCount += 1
        }
    }

    /// It cannot.
    public func updateInOnePass(_ group: OptimizerGroup<Settings>) throws -> Bool { false }

    private func assign(_ values: [Double], to setting: WritableKeyPath<Settings, Double>, _ name: String) {
        guard values.count == groups.count else {
            stop("\(type(of: self)).\(name): \(values.count) values for \(groups.count) groups", operands: [])
        }
        for (group, value) in zip(groups, values) { group.settings[keyPath: setting] = value }
    }
}
