import Glibc

/// A regular file, open and mapped into memory for reading, until the last reference to it goes.
final class MappedFile: Sendable {
    let path: String
    let size: Int
    private let descriptor: Int32
    // The mapping never changes and is only read from; `deinit`, which runs once, takes it away.
    private nonisolated(unsafe) let base: UnsafeRawPointer?

    /// Opens and maps `path`; an empty file is mapped to no bytes.
    ///
    /// - Throws: ``SafetensorsError`` where the file cannot be opened or mapped, or is not a regular file.
    init(_ path: String) throws {
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SafetensorsError.unreadable(path, "opened", errno) }
        do {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw SafetensorsError.unreadable(path, "examined", errno) }
            guard status.st_mode & S_IFMT == S_IFREG else {
                let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device, pipe or socket"
                throw SafetensorsError(
                    .fileUnreadable, "\(path) is \(kind), not a safetensors file. Name the file itself.")
            }
            let size = Int(status.st_size)
            self.base = try Self.map(descriptor, size, path)
            self.size = size
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        if let base { munmap(UnsafeMutableRawPointer(mutating: base), size) }
        close(descriptor)
    }

    private static func map(_ descriptor: Int32, _ size: Int, _ path: String) throws -> UnsafeRawPointer? {
        guard size > 0 else { return nil }
        let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw SafetensorsError.unreadable(path, "mapped", errno) }
        return UnsafeRawPointer(address)
    }

    /// The mapped bytes, which live as long as this object.
    ///
    /// - Throws: ``SafetensorsError`` where the file has become shorter than it was; reading on would end the process.
    func bytes() throws -> UnsafeRawBufferPointer {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SafetensorsError.unreadable(path, "examined", errno) }
        guard Int(status.st_size) >= size else {
            throw SafetensorsError(
                .truncated,
                "\(path) had \(size) bytes when it was opened and now has \(status.st_size): another program cut it off "
                    + "while it was in use. Write files under another name and rename them.")
        }
        return UnsafeRawBufferPointer(start: base, count: size)
    }

    /// Reads `count` bytes from `offset` into memory of their own, which nobody else can change.
    ///
    /// - Throws: ``SafetensorsError`` where the file ends before.
    func copy(_ count: Int, at offset: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let read = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
                if read < 0, errno == EINTR { continue }
                guard read >= 0 else { throw SafetensorsError.unreadable(path, "read", errno) }
                guard read > 0 else {
                    throw SafetensorsError(
                        .truncated, "\(path) became shorter while it was read; another program writes to it.")
                }
                filled += read
            }
        }
    }
}

extension SafetensorsError {
    /// The error for a file that the system does not let us read.
    static func unreadable(
        _ path: String, _ verb: String, _ number: Int32, fileID: StaticString = #fileID, line: UInt = #line
    ) -> SafetensorsError {
        SafetensorsError(
            .fileUnreadable,
            "\(path) cannot be \(verb): \(SystemFailure(number).text). \(SystemFailure(number).advice)",
            fileID: fileID, line: line)
    }
}
