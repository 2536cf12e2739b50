import CTorch

/// Whose kernels compute on the CPU.
///
/// LibTorch's matrix products and convolutions use less than what many processors have. Those of this package give the
/// same sums, added up in another order: results agree within rounding, and are the same bits in every run with as many
/// threads on such a processor.
public enum KernelSelection: String, CaseIterable, Sendable {
    /// This package's where the processor has the instructions for them, LibTorch's for all else.
    case auto
    /// LibTorch's alone, with PyTorch's bits on the same machine and threads.
    case libtorch

    /// What the calling thread uses; set it on the thread that trains.
    ///
    /// Preparing a model beside ranks of PyTorch sets it to ``libtorch``, so that all ranks compute alike. It is
    /// ``libtorch`` too where the processor lacks the instructions.
    public static var current: KernelSelection {
        get { InstructionSet.current == .none ? .libtorch : .auto }
        set {
            let name = newValue == .libtorch ? InstructionSet.none.rawValue : nil
            require(ct_select_instruction_set(name), "selecting kernels", [])
        }
    }
}
