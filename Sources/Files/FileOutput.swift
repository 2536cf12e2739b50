/// Bytes on their way into an open file: small pieces are gathered, large ones go straight through.
package struct FileOutput {
    private static let gatheredSize = 1 << 20

    private let descriptor: Int32
    private let path: String
    private var gathered: [UInt8] = []

    /// Writes to `descriptor`, which stays open; messages speak of `path`.
    package init(_ descriptor: Int32, for path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Puts bytes out, now or with ``flush()``.
    ///
    /// - Throws: ``FileError`` where the system does not take them.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
        if gathered.count + bytes.count > Self.gatheredSize { try flush() }
        if bytes.count >= Self.gatheredSize {
            try write(bytes)
        } else {
            gathered.append(contentsOf: bytes)
        }
    }

    /// Hands all that was gathered to the system.
    ///
    /// - Throws: ``FileError`` where the system does not take it.
    package mutating func flush() throws {
        try gathered.withUnsafeBytes { try write($0) }
        gathered.removeAll(keepingCapacity: true)
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        if let failure = OpenDescriptor.write(bytes, to: descriptor) { throw failure.error(path, cannotBe: "written") }
    }
}
