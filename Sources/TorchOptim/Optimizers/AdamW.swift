public import TorchNN

/// Adam with weight decay that bypasses the averages (Loshchilov and Hutter, 2017; PyTorch's `AdamW`).
///
/// A step first shrinks the parameter, `p ← p - γ·λ·p`, and then does what ``Adam`` does without weight decay.
public final class AdamW: Adam {
    /// An optimizer with the same settings for all parameters.
    ///
    /// Settings that make no sense stop the program: negative numbers, betas that are not below 1.
    public convenience init(
        _ parameters: [NamedParameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        eps: Double = 1e-8, weightDecay: Double = 1e-2, amsgrad: Bool = false, maximize: Bool = false
    ) {
        self.init(
            [ParameterGroup(parameters)], learningRate: learningRate, betas: betas, eps: eps, weightDecay: weightDecay,
            amsgrad: amsgrad, maximize: maximize)
    }

    /// An optimizer over groups, which have these settings where they do not name their own.
    public convenience init(
        _ groups: [ParameterGroup<Settings>], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        eps: Double = 1e-8, weightDecay: Double = 1e-2, amsgrad: Bool = false, maximize: Bool = false
    ) {
        let settings = Settings(
            learningRate: learningRate, betas: betas, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad,
            maximize: maximize, decoupledWeightDecay: true)
        self.init(groups, settings, name: "AdamW")
    }
}
