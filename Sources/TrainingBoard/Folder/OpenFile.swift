import Glibc

/// An open file or folder, closed when the last reference goes.
final class OpenFile: Sendable {
    let number: Int32

    private init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens a folder, through symbolic links too.
    static func folder(_ path: String) -> OpenFile? {
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        return number < 0 ? nil : OpenFile(number)
    }

    /// Opens a folder in this one; nil where the name is a symbolic link.
    func folder(_ name: String) -> OpenFile? {
        let number = openat(number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        return number < 0 ? nil : OpenFile(number)
    }

    /// Opens a regular file in this folder; nil where the name is a symbolic link.
    func file(_ name: String) -> OpenFile? {
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let number = openat(number, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = OpenFile(number)
        return file.status.map { $0.st_mode & S_IFMT == S_IFREG } ?? false ? file : nil
    }

    /// Size, times and identity.
    var status: stat? {
        var status = stat()
        return fstat(number, &status) == 0 ? status : nil
    }

    /// The length in bytes.
    var size: Int? { status.map { Int($0.st_size) } }

    /// Reads up to `count` bytes from `offset` on; fewer at the end, none where the system refuses.
    func read(_ count: Int, at offset: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let taken = pread(number, buffer.baseAddress.map { $0 + filled }, count - filled, offset + filled)
                if taken < 0, errno == EINTR { continue }
                guard taken > 0 else { break }
                filled += taken
            }
        }
    }

    /// The names in this folder, without hidden ones.
    var names: [String] {
        // Reading moves the position of a descriptor, so that it gets one of its own.
        let copy = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { return [] }
        guard let stream = fdopendir(copy) else {
            close(copy)
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name, !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
