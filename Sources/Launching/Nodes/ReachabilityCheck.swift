import Foundation
import Glibc
import HostNetwork
import RankProtocol

/// Lets the machines of a job meet, and tries whether each reaches every other on the ports for data.
///
/// ```swift
/// let finding = try ReachabilityCheck(at: place).run()
/// ```
package struct ReachabilityCheck {
    /// The time for a machine to answer a connection.
    private static let limit = Duration.seconds(5)

    private let place: NodePlace
    private let interface: String?
    private let portRange: ClosedRange<Int>?

    /// Describes a check.
    ///
    /// - Parameters:
    ///   - place: which machine this is.
    ///   - interface: the network interface for data; nil for the one through which the machines have met.
    ///   - portRange: the ports for data; nil for any.
    package init(at place: NodePlace, interface: String? = nil, portRange: ClosedRange<Int>? = nil) {
        self.place = place
        self.interface = interface
        self.portRange = portRange
    }

    /// What a check has found, in words.
    package struct Finding: Sendable {
        package let lines: [String]
        /// Whether each machine reaches all others.
        package let isComplete: Bool
    }

    /// Runs the check with the other machines; nil where a signal came first.
    ///
    /// - Throws: ``LaunchError`` where the machines do not come together.
    package func run() throws -> Finding? {
        let events = try EventPipe()
        let traps = SignalTraps(events: events)
        defer { traps.remove() }
        return try place.node == 0 ? coordinate(events) : follow(events)
    }

    /// What is told of this machine, which listens on an address.
    private func description(_ target: ReachabilityReport.Target) -> NodeDescription {
        NodeDescription(
            node: place.node, nodeCount: place.count, processCount: 0, host: target.host, pid: getpid(), arguments: [],
            target: target)
    }

    private func listen(_ reached: IPAddress) throws -> (DataListener, ReachabilityReport.Target) {
        let listener = try DataListener(on: try DataListener.address(interface, reached: reached), ports: portRange)
        let target = ReachabilityReport.Target(
            host: Machine.current.host, address: listener.address.description, port: listener.port)
        return (listener, target)
    }

    // MARK: Node 0

    private func coordinate(_ events: EventPipe) throws -> Finding? {
        // Where the others reach this machine shows when they have.
        let unknown = ReachabilityReport.Target(host: Machine.current.host, address: "", port: 0)
        var rendezvous = try Rendezvous(description(unknown), at: place, telling: events)
        defer { rendezvous.close() }
        guard try rendezvous.gather() == nil else { return nil }
        let (listener, own) = try listen(rendezvous.address)
        let targets = [own] + rendezvous.nodes.descriptions.dropFirst().compactMap(\.target)
        rendezvous.nodes.broadcast(.reach(targets))
        var obstacles = [0: Self.obstacles(from: 0, to: targets)]
        while obstacles.count < place.count {
            events.wait(orFor: [], until: nil)
            if Self.isInterrupted(events) { return nil }
            for event in rendezvous.nodes.events() {
                switch event {
                case .message(.reached(let found), let node) where found.count == targets.count: obstacles[node] = found
                case .lost(let node, let reason):
                    let message = "node \(node) is lost: \(reason)"
                    rendezvous.nodes.broadcast(.refused(message))
                    throw LaunchError(.rendezvousFailed, message)
                case .message, .complete, .incomplete: break
                }
            }
        }
        let report = ReachabilityReport(targets: targets, obstacles: targets.indices.compactMap { obstacles[$0] })
        let outcome = JobOutcome(
            ending: .completed, exitCode: report.isComplete ? 0 : 1, stoppedRanks: [], abandonedRanks: [])
        rendezvous.nodes.broadcast(.end(outcome, report: report.lines))
        return withExtendedLifetime(listener) { Finding(lines: report.lines, isComplete: report.isComplete) }
    }

    // MARK: The others

    private func follow(_ events: EventPipe) throws -> Finding? {
        let inbox = NodeInbox(waking: events)
        guard case .connected(let connection) = try Joining(place: place, inbox: inbox, events: events).connect() else {
            return nil
        }
        defer { connection.close() }
        let (listener, own) = try listen(IPAddress(connection.localAddress) ?? .loopback)
        connection.send(try MessageFraming.line(for: NodeMessage.join(description(own))))
        while true {
            events.wait(orFor: [], until: nil)
            if Self.isInterrupted(events) { return nil }
            for event in inbox.take() {
                guard case .line(let line, _) = event else {
                    guard case .ended(_, let reason) = event else { continue }
                    throw LaunchError(.rendezvousFailed, "node 0 at \(place.rendezvous) is lost: \(reason)")
                }
                switch try JSONDecoder().decode(CoordinatorMessage.self, from: Data(line)) {
                case .note(let text): StandardError.write(text)
                case .refused(let reason): throw LaunchError(.rendezvousFailed, reason)
                case .reach(let targets):
                    let found = Self.obstacles(from: place.node, to: targets)
                    connection.send(try MessageFraming.line(for: NodeMessage.reached(found)))
                case .end(let outcome, let lines):
                    return withExtendedLifetime(listener) { Finding(lines: lines, isComplete: outcome.exitCode == 0) }
                case .start, .save, .forward, .terminate, .kill, .conclude: break
                }
            }
        }
    }

    private static func isInterrupted(_ events: EventPipe) -> Bool {
        events.records().contains { $0.request != nil }
    }

    /// What is in the way to each of the machines; all are tried at once.
    private static func obstacles(from node: Int, to targets: [ReachabilityReport.Target]) -> [String?] {
        var obstacles = targets.map { IPAddress($0.address) == nil ? "\($0.address) is no address" : nil }
        let tried = targets.indices.filter { $0 != node && obstacles[$0] == nil }
        let attempts = ConnectionAttempts(
            tried.map { (IPAddress(targets[$0].address) ?? .loopback, targets[$0].port) })
        let deadline = ContinuousClock.now + limit
        while !attempts.isDecided, deadline > .now { attempts.poll(for: deadline - .now) }
        for (index, target) in tried.enumerated() {
            obstacles[target] =
                attempts.isPending(index)
                ? "no answer within \(limit.components.seconds) s" : attempts.failure(of: index)
        }
        return obstacles
    }
}
