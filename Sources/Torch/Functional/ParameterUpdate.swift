import CTorch

extension Functional {
    /// A group of parameters with an optimizer's state, for steps over all of them in one pass.
    ///
    /// It keeps the handles from step to step, allocates nothing, and passes over elements whose gradient is known to be
    /// zero where a step leaves them as they are. The numbers are those of LibTorch's fused kernels.
    package final class ParameterUpdate {
        /// What came of a step.
        package enum Outcome: Equatable {
            case done
            /// A parameter has a gradient and no state; nothing was changed.
            case needsState
            /// Something is no dense `float32` tensor on the CPU; nothing was changed.
            case unsuited
        }

        private let handle: ct_update

        package init(_ parameters: [Tensor]) throws {
            guard let handle = withHandleList(parameters, { ct_update_new($0, $1) }) else {
                throw TorchError.last("optimizer step")
            }
            self.handle = handle
        }

        deinit {
            ct_update_release(handle)
        }

        /// Names the state of one parameter: SGD's momentum buffer, or Adam's averages, largest average square and step.
        ///
        /// - Parameter isNew: whether it is all zeros, from before the parameter's first step.
        package func setState(
            _ index: Int, first: Tensor?, second: Tensor? = nil, largest: Tensor? = nil, step: Tensor? = nil,
            isNew: Bool
        ) throws {
            let succeeded = withExtendedLifetime((first, second, largest, step)) {
                ct_update_set_state(
                    handle, Int32(index), first?.handle, second?.handle, largest?.handle, step?.handle, isNew)
            }
            guard succeeded else { throw TorchError.last("optimizer step") }
        }

        /// A step of SGD over the parameters that have a gradient.
        package func sgd(_ settings: SGDSettings) throws -> Outcome {
            try outcome(ct_update_sgd(handle, settings.values(isFirstStep: false)))
        }

        /// A step of Adam over the parameters that have a gradient; it advances their step.
        package func adam(_ settings: AdamSettings) throws -> Outcome {
            try outcome(ct_update_adam(handle, settings.values))
        }

        private func outcome(_ number: Int32) throws -> Outcome {
            switch Int(number) {
            case Int(CT_UPDATE_DONE): .done
            case Int(CT_UPDATE_NEEDS_STATE): .needsState
            case Int(CT_UPDATE_UNSUITED): .unsuited
            default: throw TorchError.last("optimizer step")
            }
        }
    }
}
