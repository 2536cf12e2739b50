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
        facts["store"] = storeAnswers() ? "answers" : "is silent"
        let data = try JSONEncoder().encode(facts)
        write(String(decoding: data, as: UTF8.self), to: STDOUT_FILENO)
        channel?.send(.finished)
        exit(0)
    }

    private static let names: Set<String> = [
        "RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT",
        "GROUP_WORLD_SIZE", "TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RESTART_COUNT", "GLOO_SOCKET_IFNAME",
        LauncherVariable.controlDescriptor,
    ]

    /// The open descriptors; the one with which they are listed is not there any more.
    private func descriptors() throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
            .filter { fcntl($0, F_GETFD) >= 0 }.sorted()
    }

    /// Whether somebody listens at the place of the store.
    private func storeAnswers() -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(place.masterPort).bigEndian
        guard inet_aton(place.masterAddress, &address.sin_addr) == 1 else { return false }
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
