import Torch

extension Module {
    /// Why the backward pass of this model cannot run without LibTorch's engine; nil where it can.
    ///
    /// It can where every parameter, trained and float32 on the CPU, belongs to a layer that knows its own backward pass.
    /// How the layers are called shows only in each step.
    package var reasonAgainstDirectStep: String? {
        for (name, module) in namedModules {
            let place = name.isEmpty ? module.signature : "\(name): \(module.signature)"
            for member in module.members {
                switch member.content {
                case .parameter(let tensor):
                    guard module is Linear else {
                        return "\(place) has parameters and does not know its own backward pass"
                    }
                    guard tensor.dtype == .float32, tensor.device == .cpu else {
                        return "\(place) is \(tensor.dtype) on \(tensor.device), not float32 on the CPU"
                    }
                    guard tensor.requiresGrad else { return "\(place) is not trained" }
                case .buffer: return "\(place) has buffers"
                case .module: continue
                }
            }
        }
        return parameters.isEmpty ? "the model has no parameters" : nil
    }
}
