import Glibc

/// The lines of a file that may still be written.
package enum Lines {
    /// The next line that has its end, without the line feed; empty ones are passed over.
    ///
    /// - Parameter place: Where to go on: behind the line that comes back, or where a line begins that is not finished.
    /// - Returns: Nil where no line is left that has its end.
    package static func next(in bytes: UnsafeRawBufferPointer, at place: inout Int) -> UnsafeRawBufferPointer? {
        while place < bytes.count, let start = bytes.baseAddress?.advanced(by: place),
            let end = memchr(start, 0x0A, bytes.count - place)
        {
            let length = UnsafeRawPointer(end) - start
            place += length + 1
            if length > 0 { return UnsafeRawBufferPointer(start: start, count: length) }
        }
        return nil
    }
}
