import CTorch

// One step of an optimizer over parameters that share settings, by LibTorch's fused kernels. The optimizers in
// TorchOptim own the state and the settings; this is the arithmetic alone.
extension Functional {
    /// The settings of a step of stochastic gradient descent.
    package struct SGDSettings {
        package var learningRate: Double
        package var momentum: Double
        package var dampening: Double
        package var weightDecay: Double
        package var nesterov: Bool
        package var maximize: Bool

        package init(
            learningRate: Double, momentum: Double, dampening: Double, weightDecay: Double, nesterov: Bool,
            maximize: Bool
        ) {
            self.learningRate = learningRate
            self.momentum = momentum
            self.dampening = dampening
            self.weightDecay = weightDecay
            self.nesterov = nesterov
            self.maximize = maximize
        }

        func values(isFirstStep: Bool) -> ct_sgd_settings {
            ct_sgd_settings(
                learning_rate: learningRate, momentum: momentum, dampening: dampening, weight_decay: weightDecay,
                nesterov: nesterov, maximize: maximize, first_step: isFirstStep)
        }
    }

    /// A step of SGD in place; `momentumBuffers` is empty without momentum, and takes the gradient on the first step.
    package static func sgdStep(
        _ parameters: [Tensor], gradients: [Tensor], momentumBuffers: [Tensor], isFirstStep: Bool,
        settings: SGDSettings
    ) throws {
        let values = settings.values(isFirstStep: isFirstStep)
        let succeeded = withHandleList(parameters) { parameters, count in
            withHandleList(gradients) { gradients, _ in
                withHandleList(momentumBuffers) { buffers, bufferCount in
                    ct_sgd_step(parameters, gradients, bufferCount == 0 ? nil : buffers, count, values)
                }
            }
        }
        guard succeeded else { throw TorchError.last("SGD step") }
    }

    /// The settings of a step of Adam or AdamW.
    package struct AdamSettings {
        package var learningRate: Double
        package var betas: (Double, Double)
        package var eps: Double
        package var weightDecay: Double
        package var amsgrad: Bool
        package var maximize: Bool
        package var decoupledWeightDecay: Bool

        package init(
            learningRate: Double, betas: (Double, Double), eps: Double, weightDecay: Double, amsgrad: Bool,
            maximize: Bool, decoupledWeightDecay: Bool
        ) {
            self.learningRate = learningRate
            self.betas = betas
            self.eps = eps
            self.weightDecay = weightDecay
            self.amsgrad = amsgrad
            self.maximize = maximize
            self.decoupledWeightDecay = decoupledWeightDecay
        }

        var values: ct_adam_settings {
            ct_adam_settings(
                learning_rate: learningRate, beta1: betas.0, beta2: betas.1, eps: eps, weight_decay: weightDecay,
                amsgrad: amsgrad, maximize: maximize, decoupled: decoupledWeightDecay)
        }
    }

    /// A step of Adam in place; `steps` are scalar float tensors, which this advances first.
    package static func adamStep(
        _ parameters: [Tensor], gradients: [Tensor], averages: [Tensor], squareAverages: [Tensor],
        maximumSquareAverages: [Tensor], steps: [Tensor], settings: AdamSettings
    ) throws {
        let values = settings.values
        let succeeded = withHandleList(parameters) { parameters, count in
            withHandleList(gradients) { gradients, _ in
                withHandleList(averages) { averages, _ in
                    withHandleList(squareAverages) { squares, _ in
                        withHandleList(maximumSquareAverages) { maxima, maximumCount in
                            withHandleList(steps) { steps, _ in
                                ct_advance_steps(steps, count)
                                    && ct_adam_step(
                                        parameters, gradients, averages, squares, maximumCount == 0 ? nil : maxima,
                                        steps, count, values)
                            }
                        }
                    }
                }
            }
        }
        guard succeeded else { throw TorchError.last("Adam step") }
    }

    /// Scales gradients in place so that their norm together is at most `maximum`, and returns the norm before.
    package static func clipGradientNorm(_ gradients: [Tensor], maximum: Double, normType: Double) -> Tensor {
        withHandleList(gradients) {
            taken(ct_clip_grad_norm($0, $1, maximum, normType), "clipGradNorm", gradients)
        }
    }

    /// Multiplies gradients by a factor in place, whatever their types and devices.
    ///
    /// - Returns: whether all of them are finite.
    package static func unscaleGradients(_ gradients: [Tensor], by factor: Double) throws -> Bool {
        var areFinite = true
        guard withHandleList(gradients, { ct_unscale_gradients($0, $1, factor, &areFinite) }) else {
            throw TorchError.last("unscaling gradients")
        }
        return areFinite
    }
}
