import Files
import Glibc

/// A descriptor of the launcher, which programs that it starts do not inherit, and which closes with its last reference.
///
/// A number of the launcher's is at least 10, so that it is never one that a rank is to have: `dup2` between equal
/// numbers would keep close-on-exec, and between others could overwrite one that is still to be passed on.
final class Descriptor: Sendable {
    let number: Int32

    private static let lowest: Int32 = 10

    /// Takes a descriptor over under another number; the given one is closed.
    ///
    /// - Throws: ``LaunchError`` with `socketUnavailable`.
    init(taking other: Int32) throws {
        number = fcntl(other, F_DUPFD_CLOEXEC, Self.lowest)
        let failure = SystemFailure(errno)
        close(other)
        guard number >= 0 else { throw LaunchError.refused(.socketUnavailable, "there is no descriptor left", failure) }
    }

    /// Takes a descriptor over under its number.
    init(keeping number: Int32) {
        self.number = number
    }

    deinit {
        if number >= 0 { close(number) }
    }

    /// Makes reads and writes return at once.
    func setNonblocking() {
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
    }

    /// A new pipe.
    static func pipe() throws -> (reading: Descriptor, writing: Descriptor) {
        try pair("pipe") { Glibc.pipe($0) }
    }

    /// A new pair of connected sockets.
    static func socketPair() throws -> (Descriptor, Descriptor) {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        return try pair("pair of sockets") { socketpair(AF_UNIX, kind, 0, $0) }
    }

    private static func pair(
        _ what: String, _ make: (UnsafeMutablePointer<Int32>) -> Int32
    ) throws -> (Descriptor, Descriptor) {
        var numbers: [Int32] = [-1, -1]
        guard make(&numbers) == 0 else {
            throw LaunchError.refused(.socketUnavailable, "the system gave no \(what)", SystemFailure(errno))
        }
        let first: Descriptor
        do {
            first = try Descriptor(taking: numbers[0])
        } catch {
            close(numbers[1])
            throw error
        }
        return (first, try Descriptor(taking: numbers[1]))
    }

    /// Keeps programs that this process starts from inheriting any descriptor but the standard ones.
    static func closeAllOnExec() {
        guard let folder = opendir("/proc/self/fd") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let number = Int32(name), number > STDERR_FILENO else { continue }
            let flags = fcntl(number, F_GETFD)
            if flags >= 0 { _ = fcntl(number, F_SETFD, flags | FD_CLOEXEC) }
        }
    }
}
