import Foundation
import LockstepTesting
import Synchronization

/// Hosts on a network of their own, for tests of what happens between machines.
///
/// Each is a network namespace with a host name and an `/etc/hosts`, joined to the others by a bridge. They share the
/// file system with the test, and nothing else of the machine's network: all may bind the same ports.
/// ```swift
/// let hosts = try TestHosts(count: 2, families: [.v4])
/// let server = try hosts[0].start("server", ["--port", "5000"])
/// let client = try hosts[1].start("client", ["\(hosts[0].address):5000"])
/// #expect(try client.wait(.seconds(10)) == 0)
/// ```
/// All of it goes when nothing refers to it any more, processes included.
final class TestHosts: Sendable {
    /// The kinds of addresses that a host may have.
    enum Family: Sendable {
        case v4, v6
    }

    /// Whether tests with hosts can run here: as root with `ip`; in CI, root must be able to.
    static let areAvailable: Bool = {
        guard geteuid() == 0 else { return false }
        return ProcessInfo.processInfo.environment["CI"] != nil || (try? TestHosts(count: 1, families: [.v4])) != nil
    }()
    /// What a test says that is skipped.
    static let requirement = "hosts as network namespaces need root's privileges and the command ip (package iproute2)"

    private static let counter = Atomic(0)

    private let hosts: [TestHost]
    private let bridge: String
    private let folder: TemporaryFolder

    /// Makes hosts `node0`, `node1`, …, which know each other by name.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - families: the addresses that each has. Host i has `10.0.0.(i+1)` and `fd00::(i+1)`; without `v6` it knows no
    ///     IPv6 at all.
    ///   - networks: how many interfaces each has, `eth0`, `eth1`, …; on network n the addresses are `10.0.n.(i+1)` and
    ///     `fd00:n::(i+1)`, with `fd00::` for n = 0.
    /// - Throws: ``HostCommandError``.
    init(count: Int, families: [Family], networks: Int = 1) throws {
        Self.removeLeftovers()
        let number = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
        let mark = "lockstep-\(getpid())-\(number)"
        let folder = try TemporaryFolder()
        let bridge = "\(mark)-bridge"
        let hosts = (0..<count).map { index in
            TestHost(index: index, namespace: "\(mark)-node\(index)", families: families, networks: networks, folder)
        }
        (self.hosts, self.bridge, self.folder) = (hosts, bridge, folder)
        // From here on deinit removes what there is.
        try HostCommand.ip(hosts.map { "netns add \($0.namespace)" } + ["netns add \(bridge)"])
        for network in 0..<networks {
            try HostCommand.ip(
                hosts.map { host in
                    "link add eth\(network) netns \(host.namespace) type veth peer name \(host.port(network)) netns \(bridge)"
                })
        }
        var lines: [String] = []
        for network in 0..<networks {
            lines += ["link add br\(network) type bridge", "link set br\(network) up"]
            lines += hosts.flatMap { ["link set \($0.port(network)) master br\(network) up"] }
        }
        try HostCommand.ip(lines, in: bridge)
        for host in hosts { try host.setUp(among: hosts) }
    }

    deinit {
        for host in hosts { host.remove() }
        HostCommand.removeNamespace(bridge)
    }

    /// How many there are.
    var count: Int { hosts.count }

    subscript(index: Int) -> TestHost { hosts[index] }

    /// Takes a host's cables out: what is sent to it or by it is lost.
    func cutOff(_ index: Int) throws {
        try HostCommand.ip(hosts[index].ports.map { "link set \($0) down" }, in: bridge)
    }

    /// Puts a host's cables back.
    func reconnect(_ index: Int) throws {
        try HostCommand.ip(hosts[index].ports.map { "link set \($0) up" }, in: bridge)
    }

    /// Ends a host at once, with all that runs on it.
    func remove(_ index: Int) {
        hosts[index].remove()
    }

    /// Removes what a test run that was killed has left.
    private static func removeLeftovers() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? [] {
            guard let match = name.wholeMatch(of: /lockstep-([0-9]+)-[0-9]+-.*/), let pid = pid_t(match.1),
                kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            HostCommand.removeNamespace(name)
        }
    }
}
