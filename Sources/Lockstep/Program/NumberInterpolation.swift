import Glibc
public import Torch

extension DefaultStringInterpolation {
    /// Appends a number with as many digits after the point as named, rounded as C's `%.2f` is.
    ///
    /// It takes a fraction of a microsecond, where `String(format:)` takes several.
    /// ```swift
    /// accelerator.print("loss \(value, decimals: 2)")     // loss 0.69
    /// ```
    ///
    /// - Parameters:
    ///   - value: the number.
    ///   - decimals: digits after the point, 0 to 17.
    public mutating func appendInterpolation(_ value: Double, decimals: Int) {
        // The largest number has 309 digits before the point.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 352) { text in
            withVaList([Int32(clamping: min(max(decimals, 0), 17)), value]) { arguments in
                _ = vsnprintf(text.baseAddress, text.count, "%.*f", arguments)
            }
            if let start = text.baseAddress { appendLiteral(String(cString: start)) }
        }
    }

    /// Appends the value of a tensor with one element in the same way.
    public mutating func appendInterpolation(_ value: Tensor, decimals: Int) {
        appendInterpolation(Double(value), decimals: decimals)
    }

    /// Appends a whole number with at least as many digits as named, zeros in front.
    ///
    /// ```swift
    /// accelerator.print("Epoch \(epoch, digits: 3)")     // Epoch 007
    /// ```
    public mutating func appendInterpolation(_ value: some BinaryInteger, digits: Int) {
        let text = String(value.magnitude)
        appendLiteral(value < 0 ? "-" : "")
        appendLiteral(String(repeating: "0", count: max(0, digits - text.utf8.count)))
        appendLiteral(text)
    }
}
