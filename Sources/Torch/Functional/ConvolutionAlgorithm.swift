import CTorch

/// How a convolution is computed.
package enum ConvolutionAlgorithm: Int32, CaseIterable, Sendable {
    /// LibTorch's own choice, which is oneDNN for most.
    case libtorch = 0
    /// One matrix product over the batch, of the inputs that each output sees.
    case columns = 1
    /// A matrix product for each tap of the kernel, where it meets the image.
    case taps = 2

    /// The name in a table.
    package var name: String { "\(self)" }

    /// Runs `body` on this thread with this algorithm wherever it can be, whatever the table says.
    package func whileUsed<Result>(_ body: () throws -> Result) rethrows -> Result {
        ct_select_convolution_algorithm(rawValue)
        defer { ct_select_convolution_algorithm(-1) }
        return try body()
    }
}
