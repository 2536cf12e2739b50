import Glibc

/// The lines of a file in memory.
enum Lines {
    /// Where the line ends that begins at `start`; nil where its end is not there.
    static func end(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        return memchr(base + start, 0x0A, bytes.count - start).map { UnsafeRawPointer($0) - base }
    }

    /// Reads the object of each whole line, and passes over what is none.
    static func forEachObject(in bytes: UnsafeRawBufferPointer, _ body: (StoredValue) -> Void) {
        var start = 0
        while let end = end(in: bytes, from: start) {
            if let value = StoredValue(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { body(value) }
            start = end + 1
        }
    }
}
