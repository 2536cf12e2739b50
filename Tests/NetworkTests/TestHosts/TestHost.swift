import Foundation
import LockstepTesting
import Synchronization

/// One of ``TestHosts``.
final class TestHost: Sendable {
    /// Its number, from 0.
    let index: Int
    /// `node0` for the first.
    let name: String
    /// The name of its network namespace.
    let namespace: String
    private let families: [TestHosts.Family]
    private let networks: Int
    private let folder: TemporaryFolder
    private let processes = Mutex<[HostProcess]>([])

    init(index: Int, namespace: String, families: [TestHosts.Family], networks: Int, _ folder: TemporaryFolder) {
        self.index = index
        name = "node\(index)"
        self.namespace = namespace
        self.families = families
        self.networks = networks
        self.folder = folder
    }

    /// Its address on the first network; the IPv4 one where it has both.
    var address: String { address(families.contains(.v4) ? .v4 : .v6) }

    /// Its address of a family on a network.
    func address(_ family: TestHosts.Family, network: Int = 0) -> String {
        switch family {
        case .v4: "10.0.\(network).\(index + 1)"
        case .v6: network == 0 ? "fd00::\(index + 1)" : "fd00:\(network)::\(index + 1)"
        }
    }

    /// Its address as it stands before a port: IPv6 in brackets.
    var urlAddress: String { address.contains(":") ? "[\(address)]" : address }

    // MARK: Programs

    /// Starts a program on it.
    ///
    /// - Parameters:
    ///   - program: one that was built beside the tests, or an absolute path.
    ///   - arguments: its arguments.
    ///   - environment: changes of the test's environment; nil takes a variable away.
    func start(
        _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:]
    ) throws -> HostProcess {
        let path = program.hasPrefix("/") ? program : HostCommand.binaries + "/" + program
        // Each step replaces the one before, so the program has the number of what is started.
        let command =
            ["netns", "exec", namespace, "unshare", "--uts", "sh", "-c", "hostname \(name); exec \"$@\"", "sh", path]
            + arguments
        let process = try HostProcess(
            command, environment: environment, files: folder.path("\(name)-\(UUID().uuidString)"))
        processes.withLock { $0.append(process) }
        return process
    }

    /// Runs a command of the system on it until its end, such as `["ip", "address"]`.
    ///
    /// - Returns: what it wrote to standard output.
    @discardableResult
    func run(_ command: [String]) throws -> String {
        try HostCommand.run(["ip", "netns", "exec", namespace] + command)
    }

    // MARK: Its place in the network

    /// Replaces the lines of its `/etc/hosts`; programs that it starts later see them.
    func setHosts(_ lines: [String]) throws {
        let directory = "/etc/netns/\(namespace)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: directory + "/hosts", atomically: false, encoding: .utf8)
        // No name server of the machine's can be reached from here.
        try "".write(toFile: directory + "/resolv.conf", atomically: false, encoding: .utf8)
    }

    /// The lines of `/etc/hosts` for the loopback interface.
    var loopbackLines: [String] {
        families.contains(.v6) ? ["127.0.0.1 localhost", "::1 localhost"] : ["127.0.0.1 localhost"]
    }

    /// Gives it one more interface that leads nowhere.
    func addInterface(_ name: String, addresses: [String]) throws {
        try HostCommand.ip(
            ["link add \(name) type bridge"] + addresses.map { "addr add \($0) dev \(name)" }
                + ["link set \(name) up"], in: namespace)
    }

    /// What becomes of a connection that is not let in.
    enum Blocking: String, Sendable {
        /// It is refused at once.
        case refusing
        /// It gets no answer.
        case dropping
    }

    /// Lets connections from other hosts in at some TCP ports only.
    func blockPorts(except ports: [Int], _ blocking: Blocking) throws {
        try Firewall.block(in: self, except: ports, blocking)
    }

    // MARK: Set-up and end

    /// The name of the other end of its cable to a network.
    func port(_ network: Int) -> String { "p\(index)n\(network)" }

    var ports: [String] { (0..<networks).map(port) }

    func setUp(among hosts: [TestHost]) throws {
        try setHosts(loopbackLines + hosts.flatMap { host in families.map { "\(host.address($0)) \(host.name)" } })
        if !families.contains(.v6) {
            try run(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"])
        }
        var lines = ["link set lo up"]
        for network in 0..<networks {
            for family in families {
                let length = family == .v4 ? "24" : "64 nodad"
                lines.append("addr add \(address(family, network: network))/\(length) dev eth\(network)")
            }
            lines.append("link set eth\(network) up")
        }
        try HostCommand.ip(lines, in: namespace)
    }

    /// Ends all that runs on it, and takes it away.
    func remove() {
        HostCommand.removeNamespace(namespace)
        for process in processes.withLock({ $0 }) { process.end() }
        try? FileManager.default.removeItem(atPath: "/etc/netns/\(namespace)")
    }
}
