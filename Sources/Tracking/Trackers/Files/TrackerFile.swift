import Files
import Glibc

/// A file that a tracker appends to.
///
/// What an attempt to append leaves behind when it fails is written over by the next attempt, so bytes count once.
struct TrackerFile: Sendable {
    private(set) var path: String
    private let file: FileDescriptor

    /// How many bytes of it count.
    private(set) var byteCount: Int

    /// Opens a file for appending behind a length, or creates it; what is behind that length is removed.
    ///
    /// - Parameter byteCount: How much of an existing file to keep.
    /// - Throws: ``TrackingError`` where the system refuses.
    init(_ path: String, keepingFirst byteCount: Int = 0, mustBeNew: Bool = false) throws {
        let flags = O_RDWR | O_CREAT | (mustBeNew ? O_EXCL : 0)
        file = try withFileErrors(as: { TrackingError($0) }) { try FileDescriptor(opening: path, flags) }
        self.path = path
        self.byteCount = byteCount
        try shorten(to: byteCount)
    }

    /// Writes bytes at the end.
    ///
    /// - Throws: ``TrackingError`` where the system does not take them all.
    mutating func append(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                pwrite(
                    file.number, bytes.baseAddress.map { $0 + written }, bytes.count - written,
                    off_t(byteCount + written))
            }
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                throw TrackingError(SystemFailure(count == 0 ? EIO : errno).error(path, cannotBe: "written"))
            }
        }
        byteCount += bytes.count
    }

    /// Removes what is behind a length.
    ///
    /// - Throws: ``TrackingError`` where the system refuses.
    mutating func shorten(to byteCount: Int) throws {
        guard ftruncate(file.number, off_t(byteCount)) == 0 else {
            throw TrackingError(SystemFailure(errno).error(path, cannotBe: "shortened"))
        }
        self.byteCount = byteCount
    }

    /// Puts a new file in place of the one at `path`, all of it or nothing, and goes on behind its contents.
    ///
    /// - Throws: ``TrackingError`` where the system refuses; the old file is then as it was.
    static func replacing(_ path: String, with contents: [UInt8]) throws -> TrackerFile {
        let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? "."
        let temporary = "\(folder)/\(AtomicFile.temporaryPrefix)\(getpid())-\(UInt64.random(in: 0 ... .max))"
        var new = try TrackerFile(temporary, mustBeNew: true)
        do {
            try new.append(contents)
            guard fsync(new.file.number) == 0 else {
                throw TrackingError(SystemFailure(errno).error(path, cannotBe: "brought to the disk"))
            }
            guard rename(temporary, path) == 0 else {
                throw TrackingError(SystemFailure(errno).error(path, cannotBe: "put in place of the old file"))
            }
        } catch {
            unlink(temporary)
            throw error
        }
        new.path = path
        return new
    }

    /// The bytes of a file, or nil where there is none.
    ///
    /// - Throws: ``TrackingError`` where it cannot be read.
    static func bytes(of path: String) throws -> [UInt8]? {
        do {
            let file = try FileDescriptor(opening: path, O_RDONLY)
            var status = stat()
            guard fstat(file.number, &status) == 0 else { throw SystemFailure(errno).error(path, cannotBe: "examined") }
            var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
            var count = 0
            while count < bytes.count {
                let read = bytes.withUnsafeMutableBytes { bytes in
                    pread(file.number, bytes.baseAddress.map { $0 + count }, bytes.count - count, off_t(count))
                }
                if read < 0, errno == EINTR { continue }
                guard read >= 0 else { throw SystemFailure(errno).error(path, cannotBe: "read", .unreadable) }
                if read == 0 { break }
                count += read
            }
            return Array(bytes[..<count])
        } catch let error as FileError where error.code == .notFound {
            return nil
        } catch let error as FileError {
            throw TrackingError(error)
        }
    }
}
