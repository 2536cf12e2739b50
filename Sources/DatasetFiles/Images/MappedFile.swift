import Foundation

/// A whole file mapped for reading, shared with every process that maps the same file; unmapped when it goes.
final class MappedFile: @unchecked Sendable {
    // Unchecked: the bytes are read only, and the address never changes.
    let path: String
    let bytes: UnsafeRawBufferPointer

    /// Maps the file at `path`.
    ///
    /// - Throws: ``DatasetError`` with `fileUnreadable`, or `truncated` for an empty file.
    init(_ path: String) throws {
        guard let file = FileDescriptor(opening: path, O_RDONLY) else {
            throw DatasetError(.fileUnreadable, "\(path) cannot be opened: \(systemErrorText()).")
        }
        var status = stat()
        guard fstat(file.number, &status) == 0 else {
            throw DatasetError(.fileUnreadable, "\(path) cannot be read: \(systemErrorText()).")
        }
        let size = Int(status.st_size)
        guard size > 0 else { throw DatasetError(.truncated, "\(path) is empty.") }
        let address = withExtendedLifetime(file) { mmap(nil, size, PROT_READ, MAP_SHARED, file.number, 0) }
        guard let address, address != MAP_FAILED else {
            throw DatasetError(.fileUnreadable, "\(path) (\(size) bytes) cannot be mapped: \(systemErrorText()).")
        }
        self.path = path
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }
}
