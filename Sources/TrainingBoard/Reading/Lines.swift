import Glibc

/// The whole lines of a piece of a file.
enum Lines {
    /// Calls `line` for each line that has its end, without the line feed.
    ///
    /// - Returns: How many bytes those lines have; what is behind them is a line that is still being written.
    static func read(
        _ bytes: UnsafeBufferPointer<UInt8>, _ line: (UnsafeBufferPointer<UInt8>) -> Void
    ) -> Int {
        var start = 0
        while start < bytes.count {
            let rest = UnsafeBufferPointer(rebasing: bytes[start...])
            guard let base = rest.baseAddress, let end = memchr(base, 0x0A, rest.count) else { break }
            let length = UnsafeRawPointer(end) - UnsafeRawPointer(base)
            if length > 0 { line(UnsafeBufferPointer(rebasing: rest[..<length])) }
            start += length + 1
        }
        return start
    }
}
