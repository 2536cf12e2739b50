import CTorch

/// The instructions of the processor that the kernels of this package are compiled for.
package enum InstructionSet: String, CaseIterable, Sendable {
    case avx512, avx2, neon
    /// LibTorch's kernels alone.
    case none

    /// The one in use on this thread: the widest that this machine has, unless another one was asked for.
    package static var current: InstructionSet {
        InstructionSet(rawValue: String(cString: ct_instruction_set())) ?? .none
    }

    /// Those that this machine has, and none.
    package static var available: [InstructionSet] {
        defer { _ = ct_select_instruction_set(nil) }
        return allCases.filter { ct_select_instruction_set($0.rawValue) }
    }

    /// Runs `body` on this thread with the kernels of this instruction set, which the machine must have.
    package func whileUsed<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard ct_select_instruction_set(rawValue) else { stop("this machine has no \(rawValue)", operands: []) }
        defer { _ = ct_select_instruction_set(nil) }
        return try body()
    }
}
