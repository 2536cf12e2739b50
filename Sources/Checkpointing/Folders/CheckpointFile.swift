import Crypto
import Files
import Glibc

/// A file of a checkpoint, open for reading; never one that a symbolic link leads to.
struct CheckpointFile {
    private static let pieceSize = 1 << 20

    let path: String
    let size: Int
    private let descriptor: FileDescriptor

    /// Opens a regular file.
    ///
    /// - Throws: ``CheckpointError`` with `missingFile` where there is none, `unreadable` where it cannot be opened.
    init(_ path: String) throws {
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        } catch let error as FileError {
            throw error.cause == SystemFailure(ELOOP) ? Self.otherForm(path) : CheckpointError(reading: error)
        }
        var status = stat()
        guard fstat(descriptor.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Self.otherForm(path)
        }
        self.path = path
        self.size = Int(status.st_size)
        self.descriptor = descriptor
    }

    private static func otherForm(_ path: String) -> CheckpointError {
        CheckpointError(
            .missingFile,
            "\(path) is no regular file but a link, a folder or a device, which a checkpoint does not have. Copy "
                + "checkpoints with the files themselves, or use an earlier one.", file: path)
    }

    /// All bytes.
    ///
    /// - Throws: ``CheckpointError``, also where the file is longer than `limit`.
    func contents(atMost limit: Int) throws -> [UInt8] {
        guard size <= limit else {
            throw CheckpointError(
                .wrongSize, "\(path) has \(size) bytes, more than any such file has (\(limit)): it is damaged.",
                file: path)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        try forEachPiece(0..<size) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Reads a range from the front to the back.
    ///
    /// - Throws: ``CheckpointError`` where the file ends before the range does, or cannot be read.
    func forEachPiece(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 64)
        defer { buffer.deallocate() }
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = min(buffer.count, range.upperBound - position)
            let count = pread(descriptor.number, buffer.baseAddress, wanted, off_t(position))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CheckpointError(
                    reading: SystemFailure(errno).error(path, cannotBe: "read", .unreadable))
            }
            guard count > 0 else {
                throw CheckpointError(
                    .wrongSize, "\(path) became shorter while it was read; another program writes to it.", file: path)
            }
            body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            position += count
        }
    }

    // MARK: Comparison with the manifest

    /// Compares the file with what was written.
    ///
    /// - Throws: ``CheckpointError`` with `wrongSize` or `damaged`, which names the tensor that is concerned.
    func verify(_ expected: CheckpointManifest.File) throws {
        guard size == expected.size else {
            let lost = expected.tensors.filter { $0.range.upperBound > size }
                .min { $0.range.lowerBound < $1.range.lowerBound }
            throw CheckpointError(
                .wrongSize,
                "\(path) has \(size) bytes and should have \(expected.size)"
                    + (lost.map { "; tensor \($0.name.quotedForMessage) is the first that is not whole" } ?? "")
                    + ". Its copy did not finish, or another program changed it: use an earlier checkpoint.",
                file: path, tensor: lost?.name)
        }
        var digest = SHA256()
        try forEachPiece(0..<size) { digest.update(bufferPointer: $0) }
        guard digest.finalize().hexadecimal != expected.sha256 else { return }
        let damaged = try expected.tensors.filter { tensor in
            var checksum = CRC32()
            try forEachPiece(tensor.range) { checksum.update($0) }
            return checksum.value != tensor.crc32
        }
        let place =
            switch damaged.count {
            case 0: expected.part == nil ? "" : "; the damage lies in its header, outside of all tensors"
            case 1: " in tensor \(damaged[0].name.quotedForMessage)"
            default: " in tensor \(damaged[0].name.quotedForMessage) and \(damaged.count - 1) more"
            }
        throw CheckpointError(
            .damaged,
            "\(path) is damaged\(place): its checksum is not the one that it was written with. Check the disk (`dmesg`, "
                + "`smartctl`), and use an earlier checkpoint.", file: path, tensor: damaged.first?.name)
    }
}
