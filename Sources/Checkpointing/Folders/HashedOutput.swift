import Crypto
import Files
import Glibc

/// The bytes of a new file on their way to the disk, with their number and checksum.
struct HashedOutput {
    private static let pieceSize = 1 << 20

    private var output: FileOutput
    private var digest = SHA256()
    private(set) var size = 0

    private init(_ output: FileOutput) { self.output = output }

    /// Writes a new file, brings it to the disk and closes it.
    ///
    /// - Returns: The number and the checksum of the bytes as they were in memory.
    /// - Throws: ``CheckpointError`` where the file is there already or the system refuses, or what `body` throws.
    static func write(
        to path: String, _ body: (inout HashedOutput) throws -> Void
    ) throws -> (size: Int, sha256: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw CheckpointError(SystemFailure(errno), path, cannotBe: "created") }
        var output = HashedOutput(FileOutput(descriptor, for: path))
        do {
            try withFileErrors(as: CheckpointError.init(writing:)) {
                try body(&output)
                try output.output.flush()
            }
            guard fsync(descriptor) == 0 else {
                let failure = SystemFailure(errno)
                throw CheckpointError(
                    failure, path, cannotBe: "brought to the disk", .init(synchronizing: failure))
            }
        } catch {
            close(descriptor)
            throw error
        }
        // Reading it back then comes from the disk; where the system keeps it in memory, that is no harm.
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        // Network file systems report late write errors here.
        guard close(descriptor) == 0 else { throw CheckpointError(SystemFailure(errno), path, cannotBe: "closed") }
        return (output.size, output.digest.finalize().hexadecimal)
    }

    /// Puts bytes out.
    ///
    /// - Returns: The CRC-32 of these bytes.
    @discardableResult
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws -> UInt32 {
        var checksum = CRC32()
        var start = 0
        // In pieces that stay in the cache between the two checksums and the system's copy.
        while start < bytes.count {
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + Self.pieceSize)])
            digest.update(bufferPointer: piece)
            checksum.update(piece)
            try output.append(piece)
            start += piece.count
        }
        size += bytes.count
        return checksum.value
    }

    /// Puts a text out as UTF-8.
    mutating func append(_ text: String) throws {
        try Array(text.utf8).withUnsafeBytes { _ = try append($0) }
    }
}

extension Sequence<UInt8> {
    /// The bytes as lower-case hexadecimal digits.
    var hexadecimal: String {
        map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
