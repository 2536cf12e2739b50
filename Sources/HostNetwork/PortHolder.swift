/// A process that keeps a TCP port.
package struct PortHolder: Sendable, Hashable {
    /// The process.
    package let pid: Int32
    /// The name of its program.
    package let name: String

    /// The process that listens on a TCP port of this machine, or else has a connection from it.
    ///
    /// The result is nil where nobody does, and where the process cannot be known: it belongs to another user, runs in
    /// another container, has bound the port without listening yet, or has ended and left the port to the system.
    package static func of(listening port: Int) -> PortHolder? {
        let rows = TCPTable.current.rows.filter { $0.port == port && $0.inode != 0 }
        let listening = rows.filter { $0.state == .listening }
        let sockets = Set((listening.isEmpty ? rows : listening).map { "socket:[\($0.inode)]" })
        guard !sockets.isEmpty else { return nil }
        // A socket that was inherited is in several processes: the first one started the others.
        for pid in ProcessFile.names(in: "/proc").compactMap({ Int32($0) }).sorted() {
            let folder = "/proc/\(pid)/fd"
            let holds = ProcessFile.names(in: folder).contains { descriptor in
                ProcessFile.target(of: "\(folder)/\(descriptor)").map(sockets.contains) ?? false
            }
            if holds { return PortHolder(pid: pid, name: name(of: pid)) }
        }
        return nil
    }

    /// The name that the system keeps, which has 15 characters at most; the command line has the rest.
    private static func name(of pid: Int32) -> String {
        let short = ProcessFile.text(of: "/proc/\(pid)/comm")?.split(separator: "\n").first.map(String.init) ?? "?"
        let command = ProcessFile.text(of: "/proc/\(pid)/cmdline")?.split(separator: "\0").first ?? ""
        let file = command.split(separator: "/").last.map(String.init) ?? ""
        return file.hasPrefix(short) ? file : short
    }
}
