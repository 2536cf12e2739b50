import Torch
public import TorchNN

/// Stochastic gradient descent with momentum, Nesterov's momentum and weight decay (PyTorch's `SGD`).
///
/// With gradient `g`, weight decay `λ`, momentum `µ`, dampening `τ` and learning rate `γ`:
/// `g ← g + λ·p`, `b ← µ·b + (1 - τ)·g` (the first time `b ← g`), `p ← p - γ·b`, and with Nesterov's momentum
/// `p ← p - γ·(g + µ·b)`. The state of a parameter is `momentum_buffer`.
///
/// ```swift
/// SGD(network.parameters, learningRate: 1e-2, momentum: 0.9)
/// SGD([ParameterGroup(decay, weightDecay: 5e-4), ParameterGroup(rest, learningRate: 0.1)], learningRate: 1e-2)
/// ```
public final class SGD: GroupedOptimizer {
    /// The settings of a group.
    public struct Settings: OptimizerSettings {
        /// The length of a step.
        public var learningRate: Double
        /// How much of the previous direction is kept.
        public var momentum: Double
        /// How much of the new gradient is left out of the direction.
        public var dampening: Double
        /// The weight of the squared parameters in the loss, twice over.
        public var weightDecay: Double
        /// Whether the gradient is looked ahead along the direction.
        public var nesterov: Bool
        /// Whether the objective grows instead of shrinking.
        public var maximize: Bool
    }

    /// The groups of parameters.
    public let groups: [OptimizerGroup<Settings>]

    /// An optimizer with the same settings for all parameters.
    ///
    /// Settings that make no sense stop the program: negative numbers, Nesterov's momentum without momentum.
    public convenience init(
        _ parameters: [NamedParameter], learningRate: Double = 1e-3, momentum: Double = 0, dampening: Double = 0,
        weightDecay: Double = 0, nesterov: Bool = false, maximize: Bool = false
    ) {
        self.init(
            [ParameterGroup(parameters)], learningRate: learningRate, momentum: momentum, dampening: dampening,
            weightDecay: weightDecay, nesterov: nesterov, maximize: maximize)
    }

    /// An optimizer over groups, which have these settings where they do not name their own.
    public init(
        _ groups: [ParameterGroup<Settings>], learningRate: Double = 1e-3, momentum: Double = 0, dampening: Double = 0,
        weightDecay: Double = 0, nesterov: Bool = false, maximize: Bool = false
    ) {
        let settings = Settings(
            learningRate: learningRate, momentum: momentum, dampening: dampening, weightDecay: weightDecay,
            nesterov: nesterov, maximize: maximize)
        self.groups = OptimizerGroup.resolve(groups, settings, optimizer: "SGD")
    }

    /// The momentum buffer.
    public static func slots(for settings: Settings) -> [StateSlot] { [.momentumBuffer] }

    /// One step of a group of dense `float32` parameters on the CPU.
    public func updateInOnePass(_ group: OptimizerGroup<Settings>) throws -> Bool {
        let settings = group.settings
        let slots = KernelSlots(first: settings.momentum == 0 ? nil : .momentumBuffer)
        return try group.updateInOnePass(slots) { try $0.sgd(settings.kernelSettings) }
    }

    /// One step of a group.
    public func update(_ group: OptimizerGroup<Settings>, _ pending: PendingUpdate) throws {
        guard group.settings.momentum != 0 else {
            return try step(pending, group.settings, buffers: [], isFirst: false)
        }
        // A parameter that has its first gradient now starts its buffer with it; the others go on with theirs.
        let known = pending.filtered { group[.momentumBuffer, $0] != nil }
        if !known.indices.isEmpty {
            let buffers = known.indices.compactMap { group[.momentumBuffer, $0] }
            try step(known, group.settings, buffers: buffers, isFirst: false)
        }
        let new = pending.filtered { group[.momentumBuffer, $0] == nil }
        if !new.indices.isEmpty {
            let buffers = new.parameters.map { Tensor.zeros(like: $0) }
            try step(new, group.settings, buffers: buffers, isFirst: true)
            for (index, buffer) in zip(new.indices, buffers) { group[.momentumBuffer, index] = buffer }
        }
    }

    private func step(_ pending: PendingUpdate, _ settings: Settings, buffers: [Tensor], isFirst: Bool) throws {
        try Functional.sgdStep(
            pending.parameters, gradients: pending.gradients, momentumBuffers: buffers, isFirstStep: isFirst,
            settings: settings.kernelSettings)
    }
}

@available(*, unavailable)
extension SGD: Sendable {}

extension SGD.Settings {
    fileprivate var kernelSettings: Functional.SGDSettings {
        .init(
            learningRate: learningRate, momentum: momentum, dampening: dampening, weightDecay: weightDecay,
            nesterov: nesterov, maximize: maximize)
    }

    /// The numbers that are saved: `learning_rate`, `momentum`, `dampening`, `weight_decay`.
    public static var numbers: [SettingNumber<SGD.Settings>] {
        [
            SettingNumber("learning_rate", \.learningRate), SettingNumber("momentum", \.momentum),
            SettingNumber("dampening", \.dampening), SettingNumber("weight_decay", \.weightDecay),
        ]
    }

    /// What PyTorch's `SGD` refuses too.
    public var problems: [String] {
        var problems: [String] = []
        requireNonNegative("learningRate", learningRate, &problems)
        requireNonNegative("momentum", momentum, &problems)
        requireNonNegative("weightDecay", weightDecay, &problems)
        if !dampening.isFinite { problems.append("dampening is \(dampening); it must be finite") }
        if nesterov, momentum == 0 || dampening != 0 {
            problems.append(
                "nesterov needs momentum above 0 and dampening 0; they are \(momentum) and \(dampening)")
        }
        return problems
    }
}

extension StateSlot {
    fileprivate static let momentumBuffer = StateSlot("momentum_buffer")
}
