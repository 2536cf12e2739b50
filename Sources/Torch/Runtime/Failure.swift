import CTorch

/// Stops the program because an operation was given operands that do not fit.
///
/// The message has LibTorch's words, the operands' shapes and types, and the module that was being called.
package func stop(
    _ message: String, operands: [Tensor?], file: StaticString = #fileID, line: UInt = #line
) -> Never {
    fatalError(describe(message, operands: operands), file: file, line: line)
}

/// Stops the program with what LibTorch said of the call that just failed on this thread.
func stopWithLastError(
    _ operation: String, operands: [Tensor?], file: StaticString = #fileID, line: UInt = #line
) -> Never {
    fatalError(
        describe("\(operation): \(String(cString: ct_error_message()))", operands: operands), file: file, line: line)
}

private func describe(_ message: String, operands: [Tensor?]) -> String {
    var lines = [message.trimmingTrailingNewlines()]
    let present = operands.compactMap { $0 }
    if !present.isEmpty {
        lines.append("  operands: " + present.map(\.summary).joined(separator: ", "))
    }
    if let module = CallScope.currentDescription {
        lines.append("  in module \(module)")
    }
    return lines.joined(separator: "\n")
}

extension String {
    fileprivate func trimmingTrailingNewlines() -> String {
        var end = endIndex
        while end > startIndex, self[index(before: end)].isNewline { end = index(before: end) }
        return String(self[..<end])
    }
}
