import Glibc

/// Bytes on their way into an open file: small pieces are gathered, large ones go straight through.
struct FileOutput {
    private static let gatheredSize = 1 << 20
    /// Linux writes at most 2,147,479,552 bytes in one call.
    private static let largestWrite = 1 << 30

    private let descriptor: Int32
    private let path: String
    private var gathered: [UInt8] = []

    /// Writes to `descriptor`, which stays open; messages speak of `path`.
    init(_ descriptor: Int32, for path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Puts bytes out, now or with ``flush()``.
    ///
    /// - Throws: ``SafetensorsError`` where the system does not take them.
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
        if gathered.count + bytes.count > Self.gatheredSize { try flush() }
        if bytes.count >= Self.gatheredSize {
            try write(bytes)
        } else {
            gathered.append(contentsOf: bytes)
        }
    }

    /// Hands all that was gathered to the system.
    ///
    /// - Throws: ``SafetensorsError`` where the system does not take it.
    mutating func flush() throws {
        try gathered.withUnsafeBytes { try write($0) }
        gathered.removeAll(keepingCapacity: true)
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.largestWrite))
            let written = Glibc.write(descriptor, piece.baseAddress, piece.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                throw SafetensorsError.unwritable(path, "written", written < 0 ? errno : EIO)
            }
            rest = rest.dropFirst(written)
        }
    }
}
