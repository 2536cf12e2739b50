import Glibc

/// A regular file, open and mapped into memory for reading, until the last reference to it goes.
///
/// Processes that map the same file share its memory.
package final class MappedFile: Sendable {
    /// The name under which the file was opened.
    package let path: String

    /// The bytes that the file had when it was opened.
    package let size: Int

    private let descriptor: FileDescriptor
    // The mapping never changes and is only read from; `deinit`, which runs once, takes it away.
    private nonisolated(unsafe) let base: UnsafeRawPointer?

    /// Opens and maps `path`; an empty file is mapped to no bytes.
    ///
    /// - Throws: ``FileError`` where the file cannot be opened or mapped, or is not a regular file.
    package init(_ path: String) throws {
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        descriptor = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK)
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else {
            throw SystemFailure(errno).error(path, cannotBe: "examined", .unreadable)
        }
        guard status.isRegular else {
            throw FileError(
                .notRegular, path, "\(path) is \(status.nameOfOtherForm), not a regular file. Name the file itself.")
        }
        self.path = path
        size = Int(status.st_size)
        base = try Self.map(descriptor.number, size, path)
    }

    deinit {
        if let base { munmap(UnsafeMutableRawPointer(mutating: base), size) }
    }

    private static func map(_ descriptor: Int32, _ size: Int, _ path: String) throws -> UnsafeRawPointer? {
        guard size > 0 else { return nil }
        let address = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let address, address != MAP_FAILED else {
            throw SystemFailure(errno).error(path, cannotBe: "mapped", .unreadable)
        }
        return UnsafeRawPointer(address)
    }

    /// The mapped bytes, which live as long as this object.
    ///
    /// Where another program has cut the file off, reading what is missing ends the process; ``checkedBytes()`` notices.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: size) }

    /// The mapped bytes of a file that still has all of them.
    ///
    /// - Throws: ``FileError`` where the file has become shorter than it was.
    package func checkedBytes() throws -> UnsafeRawBufferPointer {
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else {
            throw SystemFailure(errno).error(path, cannotBe: "examined", .unreadable)
        }
        guard Int(status.st_size) >= size else {
            throw FileError(
                .truncated, path,
                "\(path) had \(size) bytes when it was opened and now has \(status.st_size): another program cut it off "
                    + "while it was in use. Write files under another name and rename them.")
        }
        return bytes
    }

    /// Gives the pages of the mapping back that were read so far; the file's cache in the system keeps them.
    package func releasePages() {
        if let base { _ = madvise(UnsafeMutableRawPointer(mutating: base), size, MADV_DONTNEED) }
    }

    /// Brings all pages of the mapping in at once, where the system can: later each new one would cost a page fault.
    package func mapPages() {
        let populateForReading: Int32 = 22  // MADV_POPULATE_READ, since Linux 5.14
        if let base { _ = madvise(UnsafeMutableRawPointer(mutating: base), size, populateForReading) }
    }

    /// Reads `count` bytes from `offset` into memory of their own, which nobody else can change.
    ///
    /// - Throws: ``FileError`` where the file ends before.
    package func copy(_ count: Int, at offset: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            try read(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])), at: offset)
            filled = count
        }
    }

    /// Fills memory with the bytes from `offset`, without the mapping.
    ///
    /// - Throws: ``FileError`` where the file ends before.
    package func read(_ memory: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        var filled = 0
        while filled < memory.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
            let read = pread(descriptor.number, rest.baseAddress, rest.count, off_t(offset + filled))
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw SystemFailure(errno).error(path, cannotBe: "read", .unreadable) }
            guard read > 0 else {
                throw FileError(
                    .truncated, path, "\(path) became shorter while it was read; another program writes to it.")
            }
            filled += read
        }
    }
}
