import Foundation
import Glibc
import HostNetwork
import RankProtocol

/// The launcher of a machine other than node 0: joins node 0's, runs this machine's ranks, and does what it is told.
///
/// What its ranks say and how they end it passes on. When node 0 is lost it ends its ranks by itself.
struct Follower {
    /// Why this launcher has nothing more to do with node 0's.
    private enum Parting {
        case over(JobOutcome, report: [String])
        case lost(String)
    }

    /// The time for node 0 to react to a signal, after the grace of ranks.
    private static let reactionLimit = Duration.seconds(2)

    private let launcher: Launcher
    private let place: NodePlace
    private let events: EventPipe
    private let inbox: NodeInbox
    private var local: LocalRanks?
    private var generation = -1
    private var signal: Int32?
    private var deadline: ContinuousClock.Instant?

    init(_ launcher: Launcher, _ place: NodePlace, telling events: EventPipe) {
        self.launcher = launcher
        self.place = place
        self.events = events
        inbox = NodeInbox(waking: events)
    }

    /// Takes part in the job to its end, and returns the report's lines.
    ///
    /// - Throws: ``LaunchError`` where node 0 cannot be reached or refuses this machine.
    mutating func run() throws -> (JobOutcome, report: [String]) {
        while true {
            let connection: NodeConnection
            switch try Joining(place: place, inbox: inbox, events: events).connect() {
            case .connected(let opened): connection = opened
            case .interrupted(let number): return interruption(by: number)
            }
            send(.join(launcher.description), over: connection)
            switch try follow(connection) {
            case .over(let outcome, let report):
                connection.close()
                return (outcome, report)
            case .lost(let reason):
                let numbers = local?.numbers
                endRanks(reason: "node 0 is lost")
                if let signal { return interruption(by: signal) }
                let message = "the launcher of node 0 at \(place.rendezvous) is lost: \(reason)"
                let stopped = numbers.map {
                    "the ranks of this machine (\($0.lowerBound) to \($0.upperBound - 1)) were stopped"
                }
                guard launcher.maxRestarts > 0, numbers != nil else {
                    let outcome = JobOutcome(
                        ending: .nodeFailed(0, reason: reason), exitCode: 1,
                        stoppedRanks: numbers.map(Array.init) ?? [],
                        abandonedRanks: local?.alive ?? [])
                    return (outcome, [message] + [stopped].compactMap(\.self))
                }
                StandardError.write("\(message); joining it again")
                local = nil
            }
        }
    }

    // MARK: Following

    private mutating func follow(_ connection: NodeConnection) throws -> Parting {
        while true {
            events.wait(orFor: local?.controls ?? [], until: deadline)
            for record in events.records() {
                for event in local?.events(of: record) ?? [] { tell(event, over: connection) }
                if let number = record.request { take(number, connection) }
            }
            for event in local?.messages() ?? [] { tell(event, over: connection) }
            for event in inbox.take() {
                switch event {
                case .line(let line, let sender) where sender === connection:
                    if let parting = try take(line, connection) { return parting }
                case .ended(let ended, let reason) where ended === connection: return .lost(reason)
                case .opened, .line, .ended, .unreachable: break
                }
            }
            if let deadline, deadline <= .now { return .lost("it did not react to a signal here") }
        }
    }

    private mutating func take(_ line: [UInt8], _ connection: NodeConnection) throws -> Parting? {
        guard let message = try? JSONDecoder().decode(CoordinatorMessage.self, from: Data(line)) else {
            throw LaunchError(
                .rendezvousFailed,
                "node 0 speaks another version of the launchers' protocol. Start the same program on all machines.")
        }
        // Node 0 is there, and knows of a signal that was sent before.
        deadline = nil
        switch message {
        case .note(let text): StandardError.write(text)
        case .refused(let reason):
            endRanks(reason: "node 0 has refused this machine")
            throw LaunchError(.rendezvousFailed, reason)
        case .start(let plan): start(plan, connection)
        case .save(let ranks, generation): local?.save(ranks)
        case .forward(let signal, let ranks, generation): local?.forward(signal, to: ranks)
        case .terminate(let ranks, let reason, generation): local?.terminate(ranks, reason: reason)
        case .kill(let ranks, generation): local?.kill(ranks)
        case .conclude(generation): conclude(connection)
        case .save, .forward, .terminate, .kill, .conclude, .reach: break
        case .end(let outcome, let report): return .over(outcome, report: report)
        }
        return nil
    }

    private mutating func start(_ plan: NodePlan, _ connection: NodeConnection) {
        generation = plan.generation
        do {
            guard let master = IPAddress(connection.remoteAddress), let own = IPAddress(connection.localAddress) else {
                throw LaunchError(
                    .addressUnavailable, "\(connection.remoteAddress) and \(connection.localAddress) are no addresses.")
            }
            local = try LocalRanks(
                RankSetting(plan: plan, node: place.node, master: master, local: own), launcher, telling: events)
        } catch {
            send(.cannotStart(reason: "\(error)", generation: generation), over: connection)
        }
    }

    /// Tells what is known of the ranks, when all that they wrote has been passed on.
    private mutating func conclude(_ connection: NodeConnection) {
        if var ranks = local {
            local = nil
            ranks.awaitOutput(events)
            for (rank, account) in ranks.accounts {
                send(.account(account, rank: rank, generation: generation), over: connection)
            }
        }
        send(.concluded(generation: generation), over: connection)
    }

    private func tell(_ event: Job.Event, over connection: NodeConnection) {
        switch event {
        case .message(let message, let rank):
            send(.rankMessage(message, from: rank, generation: generation), over: connection)
        case .exited(let rank, let status):
            send(.rankExited(rank: rank, status, generation: generation), over: connection)
        case .signalled, .nodeFailed, .deadlinePassed: break
        }
    }

    private func send(_ message: NodeMessage, over connection: NodeConnection) {
        // A rank's message is far shorter than a line may be, and an account is cut.
        guard let line = try? MessageFraming.line(for: message) else { return }
        connection.send(line)
    }

    // MARK: Signals, and the end without node 0

    /// Node 0 decides what follows; a second signal does not wait for it.
    private mutating func take(_ number: Int32, _ connection: NodeConnection) {
        send(.signalled(number), over: connection)
        if signal == nil {
            signal = number
            deadline = .now + launcher.grace + Self.reactionLimit
        } else {
            if let local { local.kill(local.numbers) }
        }
    }

    private func interruption(by number: Int32) -> (JobOutcome, report: [String]) {
        let outcome = JobOutcome.interrupted(by: number, at: place.node, abandoning: local?.alive ?? [])
        return (outcome, JobReport.lines(for: outcome, local?.accounts ?? [:]))
    }

    /// Ends this machine's ranks: asks them, and kills them after the grace or at a signal.
    private mutating func endRanks(reason: String) {
        guard var ranks = local else { return }
        ranks.terminate(ranks.numbers, reason: reason)
        var (limit, wasKilled) = (ContinuousClock.now + launcher.grace, false)
        while !ranks.alive.isEmpty {
            events.wait(orFor: [], until: limit)
            var isImpatient = limit <= .now
            for record in events.records() {
                _ = ranks.events(of: record)
                if let number = record.request {
                    signal = signal ?? number
                    isImpatient = true
                }
            }
            guard isImpatient, !ranks.alive.isEmpty else { continue }
            if wasKilled, limit <= .now { break }
            ranks.kill(ranks.numbers)
            (limit, wasKilled) = (.now + (launcher.limits[.death] ?? .seconds(5)), true)
        }
        ranks.awaitOutput(events)
        local = ranks
    }
}
