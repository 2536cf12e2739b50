import Crypto
import Files
import Foundation

/// Checksums of files on disk, and the comparison with what was pinned.
enum FileDigest {
    /// The checksum of a whole file, by the algorithm of `model`.
    private static func checksum(of path: String, like model: Checksum) throws -> Checksum {
        switch model {
        case .md5: .md5(try digits(of: path, Insecure.MD5()))
        case .sha256: .sha256(try digits(of: path, SHA256()))
        }
    }

    /// Checks that the file at `path` has the pinned size and checksum.
    ///
    /// - Throws: ``DatasetError`` with `fileUnreadable`, `truncated`, `wrongKind`, `wrongSize` or `wrongChecksum`.
    static func verify(_ path: String, is pinned: PinnedFile) async throws {
        try await withBlockingWork { try compare(path, with: pinned) }
    }

    private static func compare(_ path: String, with pinned: PinnedFile) throws {
        guard let status = FileStatus(regularFile: path) else {
            throw DatasetError(
                .fileUnreadable, "\(path) cannot be read: \(SystemFailure(errno).text). Expected \(pinned).")
        }
        let size = status.size
        if size != pinned.size {
            if let kind = FileKind(of: path), kind != FileKind(ofName: pinned.name) {
                throw DatasetError(
                    .wrongKind,
                    "\(path) is \(kind.text) of \(size) bytes. Expected \(pinned). Replace the file, or remove it so "
                        + "that it is fetched again.")
            }
            throw DatasetError(
                size < pinned.size ? .truncated : .wrongSize,
                "\(path) has \(size) bytes, \(size < pinned.size ? "too few" : "too many"). Expected \(pinned). "
                    + "It was probably copied or downloaded incompletely: replace it, or remove it so that it is "
                    + "fetched again.")
        }
        let found = try checksum(of: path, like: pinned.checksum)
        guard found == pinned.checksum else {
            throw DatasetError(
                .wrongChecksum,
                "\(path) has the checksum \(found). Expected \(pinned).\(Self.knownName(of: found)) Replace the file, "
                    + "or remove it so that it is fetched again.")
        }
    }

    /// Says so if the checksum is that of a file of another data set, under the same name.
    private static func knownName(of checksum: Checksum) -> String {
        for dataset in DatasetDescription.catalogue {
            for archive in dataset.archives {
                if let file = ([archive.file] + archive.contents).first(where: { $0.checksum == checksum }) {
                    return " It is \(file.name) of \(dataset.title); put it into a folder \(dataset.name)/."
                }
            }
        }
        return ""
    }

    private static func digits<Function: HashFunction>(of path: String, _ function: Function) throws -> String {
        let file = try withFileErrors(as: DatasetError.init(_:)) { try FileDescriptor(opening: path, O_RDONLY) }
        var function = function
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(file.number, buffer.baseAddress, buffer.count)
            if count == 0 { break }
            if count > 0 {
                function.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if errno != EINTR {
                throw DatasetError(SystemFailure(errno).error(path, cannotBe: "read", .unreadable))
            }
        }
        return hexadecimal(function.finalize())
    }
}

/// Bytes as lower-case hexadecimal digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}
