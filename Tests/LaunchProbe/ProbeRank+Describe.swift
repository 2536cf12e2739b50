import Foundation
import Launching
import RankProtocol

extension ProbeRank {
    /// Prints what this process was given, as one line of JSON.
    func describe() throws -> Never {
        var facts: [String: String] = [:]
        for (name, value) in environment where Self.names.contains(name) { facts[name] = value }
        facts["arguments"] = CommandLine.arguments.dropFirst().joined(separator: " ")
        facts["descriptors"] = try descriptors().map(String.init).joined(separator: " ")
        facts["input"] = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/0")
        facts["session"] = getsid(0) == getpid() ? "own" : "other"
        for line in try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n") {
            let fields = line.split(separator: "\t")
            guard fields.count == 2, ["SigIgn:", "SigBlk:"].contains(fields[0]) else { continue }
            facts[String(fields[0])] = String(fields[1])
        }
        if let text = environment[LauncherVariable.storeDescriptor], let number = Int32(text) {
            facts["store"] = store(number)
        }
        let data = try JSONEncoder().encode(facts)
        write(String(decoding: data, as: UTF8.self), to: STDOUT_FILENO)
        channel?.send(.finished)
        exit(0)
    }

    private static let names: Set<String> = [
        "RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT",
        LauncherVariable.controlDescriptor, LauncherVariable.storeDescriptor,
    ]

    /// The open descriptors; the one with which they are listed is not there any more.
    private func descriptors() throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
            .filter { fcntl($0, F_GETFD) >= 0 }.sorted()
    }

    /// The address that a socket is bound to, and whether it listens and can be bound or connected to by others.
    private func store(_ number: Int32) -> String {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var listening: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size)
        let other = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(other) }
        let (bound, connected) = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(number, address, &length)
                return (bind(other, address, length) == 0, connect(other, address, length) == 0)
            }
        }
        let host = String(cString: inet_ntoa(address.sin_addr))
        return "\(host):\(UInt16(bigEndian: address.sin_port)) listening \(listening) bound \(bound) "
            + "connected \(connected)"
    }
}
