import Torch
public import TorchNN

/// Adam (Kingma and Ba, 2014), as PyTorch's `Adam` computes it.
///
/// With gradient `g` at the parameter's step `t`: `m ← β₁·m + (1 - β₁)·g`, `v ← β₂·v + (1 - β₂)·g²`,
/// `p ← p - γ/(1 - β₁ᵗ) · m / (√v/√(1 - β₂ᵗ) + ε)`. Weight decay `λ` adds `λ·p` to the gradient; ``AdamW`` takes it off
/// the parameter instead. With `amsgrad` the largest `v` so far divides. The state of a parameter is `step`, `exp_avg`,
/// `exp_avg_sq` and, with `amsgrad`, `max_exp_avg_sq`.
public class Adam: GroupedOptimizer {
    /// The settings of a group.
    public struct Settings: OptimizerSettings {
        /// The length of a step.
        public var learningRate: Double
        /// How much of the averages of the gradient and of its square is kept.
        public var betas: (Double, Double)
        /// What is added to the divisor.
        public var eps: Double
        /// The weight of the squared parameters in the loss, twice over; for ``AdamW`` the part of a parameter that a
        /// step of length 1 takes off.
        public var weightDecay: Double
        /// Whether the largest average square so far divides (Reddi et al., 2018).
        public var amsgrad: Bool
        /// Whether the objective grows instead of shrinking.
        public var maximize: Bool
        /// Whether the weight decay bypasses the averages, as in ``AdamW``.
        public let decoupledWeightDecay: Bool
    }

    /// The groups of parameters.
    public final let groups: [OptimizerGroup<Settings>]

    init(_ groups: [ParameterGroup<Settings>], _ settings: Settings, name: String) {
        self.groups = OptimizerGroup.resolve(groups, settings, optimizer: name)
    }

    /// An optimizer with the same settings for all parameters.
    ///
    /// Settings that make no sense stop the program: negative numbers, betas that are not below 1.
    public convenience init(
        _ parameters: [NamedParameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        eps: Double = 1e-8, weightDecay: Double = 0, amsgrad: Bool = false, maximize: Bool = false
    ) {
        self.init(
            [ParameterGroup(parameters)], learningRate: learningRate, betas: betas, eps: eps, weightDecay: weightDecay,
            amsgrad: amsgrad, maximize: maximize)
    }

    /// An optimizer over groups, which have these settings where they do not name their own.
    public convenience init(
        _ groups: [ParameterGroup<Settings>], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        eps: Double = 1e-8, weightDecay: Double = 0, amsgrad: Bool = false, maximize: Bool = false
    ) {
        let settings = Settings(
            learningRate: learningRate, betas: betas, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad,
            maximize: maximize, decoupledWeightDecay: false)
        self.init(groups, settings, name: "Adam")
    }

    /// The step, the averages, and with `amsgrad` the largest average square.
    public static func slots(for settings: Settings) -> [StateSlot] {
        [.step, .average, .squareAverage] + (settings.amsgrad ? [.maximumSquareAverage] : [])
    }

    /// One step of a group of dense `float32` parameters on the CPU.
    public func updateInOnePass(_ group: OptimizerGroup<Settings>) throws -> Bool {
        let settings = group.settings
        let slots = KernelSlots(
            first: .average, second: .squareAverage, largest: settings.amsgrad ? .maximumSquareAverage : nil,
            step: .step)
        return try group.updateInOnePass(slots) { try $0.adam(settings.kernelSettings) }
    }

    /// One step of a group.
    public func update(_ group: OptimizerGroup<Settings>, _ pending: PendingUpdate) throws {
        let settings = group.settings
        func state(_ slot: StateSlot) -> [Tensor] { pending.indices.map { group.startingFromZero(slot, $0) } }
        try Functional.adamStep(
            pending.parameters, gradients: pending.gradients, averages: state(.average),
            squareAverages: state(.squareAverage),
            maximumSquareAverages: settings.amsgrad ? state(.maximumSquareAverage) : [], steps: state(.step),
            settings: settings.kernelSettings)
    }
}

@available(*, unavailable)
extension Adam: Sendable {}

extension Adam.Settings {
    fileprivate var kernelSettings: Functional.AdamSettings {
        .init(
            learningRate: learningRate, betas: betas, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad,
            maximize: maximize, decoupledWeightDecay: decoupledWeightDecay)
    }

    /// The first beta, which schedules with a momentum change.
    public var momentum: Double {
        get { betas.0 }
        set { betas.0 = newValue }
    }

    /// The numbers that are saved: `learning_rate`, `beta1`, `beta2`, `eps`, `weight_decay`.
    public static var numbers: [SettingNumber<Adam.Settings>] {
        [
            SettingNumber("learning_rate", \.learningRate), SettingNumber("beta1", \.betas.0),
            SettingNumber("beta2", \.betas.1), SettingNumber("eps", \.eps),
            SettingNumber("weight_decay", \.weightDecay),
        ]
    }

    /// What PyTorch's `Adam` refuses too.
    public var problems: [String] {
        var problems: [String] = []
        requireNonNegative("learningRate", learningRate, &problems)
        requireNonNegative("eps", eps, &problems)
        requireNonNegative("weightDecay", weightDecay, &problems)
        for (name, beta) in [("betas.0", betas.0), ("betas.1", betas.1)] where !(0..<1).contains(beta) {
            problems.append("\(name) is \(beta); it must be at least 0 and below 1")
        }
        return problems
    }
}

extension StateSlot {
    fileprivate static let step = StateSlot("step", isScalar: true)
    fileprivate static let average = StateSlot("exp_avg")
    fileprivate static let squareAverage = StateSlot("exp_avg_sq")
    fileprivate static let maximumSquareAverage = StateSlot("max_exp_avg_sq")
}
