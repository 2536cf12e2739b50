import Glibc

/// The sockets that a launcher hands to its ranks.
public enum InheritedSocket {
    /// The descriptor of a socket that a variable names; nil where there is no such variable.
    ///
    /// From now on programs that this process starts do not inherit it.
    ///
    /// - Parameters:
    ///   - variable: one of `LauncherVariable`.
    ///   - environment: this process's variables.
    /// - Throws: ``LaunchError`` with `invalidDescriptor` where the variable names no open socket.
    public static func descriptor(_ variable: String, in environment: [String: String]) throws -> Int32? {
        guard let text = environment[variable] else { return nil }
        var status = stat()
        guard let number = Int32(text), number > STDERR_FILENO, fstat(number, &status) == 0,
            status.st_mode & S_IFMT == S_IFSOCK, fcntl(number, F_SETFD, FD_CLOEXEC) == 0
        else {
            throw LaunchError(
                .invalidDescriptor,
                "\(variable) is \"\(text)\", which is no open socket of this process. It is for processes that the "
                    + "launcher starts itself: unset it, and RANK and WORLD_SIZE too, in what a rank starts.")
        }
        return number
    }
}
