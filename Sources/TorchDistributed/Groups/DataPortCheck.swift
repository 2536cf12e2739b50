import Foundation
import HostNetwork

/// Tries by itself to reach the ranks that Gloo takes long to connect to.
///
/// A port that refuses is tried again half a second later; no answer counts after 5 seconds.
final class DataPortCheck {
    private static let patience = 5
    private static let pause = Duration.milliseconds(500)

    private let ports: DataPorts
    private var targets: [DataPorts.Target]
    private var attempts: ConnectionAttempts
    private var start = ContinuousClock.now
    /// When those that have refused are tried again; nil as long as all are tried for the first time.
    private var secondStart: ContinuousClock.Instant?
    private var isSecond = false

    /// Whether all could be reached.
    private(set) var isDone = false

    init(_ ports: DataPorts) {
        self.ports = ports
        targets = ports.targets()
        attempts = ConnectionAttempts(targets.map { ($0.address, $0.endpoint.port) })
    }

    /// Goes on with it, waiting for a moment at most.
    ///
    /// - Returns: the error for the first rank that cannot be reached, once that is certain.
    func step() -> DistributedError? {
        if let secondStart, !isSecond {
            guard ContinuousClock.now >= secondStart else { return nil }
            isSecond = true
            start = .now
            attempts = ConnectionAttempts(targets.map { ($0.address, $0.endpoint.port) })
        }
        attempts.poll(for: .milliseconds(20))
        if start.duration(to: .now) > .seconds(Self.patience),
            let silent = targets.indices.first(where: attempts.isPending)
        {
            return error(targets[silent], "no answer within \(Self.patience) s", mayHaveEnded: false)
        }
        guard attempts.isDecided else { return nil }
        let refused = targets.indices.filter { attempts.failure(of: $0) != nil }
        if isSecond, let first = refused.first, let reason = attempts.failure(of: first) {
            return error(targets[first], reason, mayHaveEnded: true)
        }
        isDone = refused.isEmpty
        targets = refused.map { targets[$0] }
        if !isDone { secondStart = .now + Self.pause }
        return nil
    }

    private func error(_ target: DataPorts.Target, _ reason: String, mayHaveEnded: Bool) -> DistributedError {
        let own = ports.own.map { " (\($0.host))" } ?? ""
        let what =
            "rank \(ports.rank)\(own) cannot reach rank \(target.rank)'s data port \(target.endpoint): \(reason)"
        if NetworkInterface.owning(target.address) != nil {
            return DistributedError(
                .failed,
                "\(what); \(target.endpoint.host) is an address of rank \(ports.rank)'s own machine. If rank \(target.rank) "
                    + "runs on another one, name the interface between them there with GLOO_SOCKET_IFNAME; else it has "
                    + "probably ended.")
        }
        let store = ports.store.server.map { "the store's port \($0.endpoint) is reachable, so a" } ?? "a"
        return DistributedError(
            .failed,
            "\(what); \(store) firewall probably blocks other ports\(mayHaveEnded ? ", unless rank \(target.rank) has ended" : "")"
                + ": open them between the machines, or keep data to a range of open ports with --port-range.")
    }
}
