public import TorchNN

/// Parameters with settings of their own, for the construction of an optimizer.
///
/// What a group does not set is as the optimizer's arguments say. Settings beyond the two common ones are set in a
/// closure:
/// ```swift
/// AdamW([
///     ParameterGroup(weights, weightDecay: 0.1),
///     ParameterGroup(others, learningRate: 1e-4) { $0.betas = (0.9, 0.95) },
/// ], learningRate: 1e-3)
/// ```
public struct ParameterGroup<Settings: OptimizerSettings> {
    /// The parameters.
    public let parameters: [NamedParameter]
    let adjust: (inout Settings) -> Void

    /// A group of parameters.
    ///
    /// - Parameters:
    ///   - parameters: some of a model's parameters; no parameter may stand in two groups.
    ///   - learningRate: the group's learning rate; the optimizer's if nil.
    ///   - weightDecay: the group's weight decay; the optimizer's if nil.
    ///   - adjust: changes any setting.
    public init(
        _ parameters: [NamedParameter], learningRate: Double? = nil, weightDecay: Double? = nil,
        adjust: @escaping (inout Settings) -> Void = { _ in }
    ) {
        self.parameters = parameters
        self.adjust = { settings in
            if let learningRate { settings.learningRate = learningRate }
            if let weightDecay { settings.weightDecay = weightDecay }
            adjust(&settings)
        }
    }
}
