import Torch
public import TorchNN

extension ParameterGroup {
    /// Groups in which only matrices and kernels decay: parameters of fewer than two dimensions, which are biases and
    /// what normalisations scale and shift by, have no weight decay.
    ///
    /// ```swift
    /// SGD(ParameterGroup.sparingNormsAndBiases(network.parameters), learningRate: 0.1, weightDecay: 5e-4)
    /// ```
    ///
    /// - Parameter parameters: a model's parameters.
    /// - Returns: those that decay as the optimizer says, and those that do not; a group that would be empty is left out.
    public static func sparingNormsAndBiases(_ parameters: [NamedParameter]) -> [ParameterGroup] {
        let decaying = parameters.filter { $0.tensor.shape.count >= 2 }
        let spared = parameters.filter { $0.tensor.shape.count < 2 }
        return [ParameterGroup(decaying), ParameterGroup(spared, weightDecay: 0)].filter { !$0.parameters.isEmpty }
    }
}
