import Glibc
import RankProtocol

/// Starts a job's ranks and sees the job through, on one thread.
///
/// It turns what the system tells into events, and does what ``Job`` answers.
struct Supervisor {
    /// How long a job waits for what it does not wait for forever.
    typealias Limits = [Job.Deadline: Duration]

    /// The time in which a launcher that was interrupted still waits for what ranks wrote to be passed on.
    private static let outputLimit = Duration.seconds(2)

    private let ranks: [RankProcess]
    private let events: EventPipe
    private let output: OutputForwarder
    private let limits: Limits
    private let logs: LogFolder?
    private var job: Job
    private var deadlines: [Job.Deadline: ContinuousClock.Instant] = [:]
    private var outcome: JobOutcome?
    private var isOutputDrained = false
    private var wasSignalled = false

    /// Starts the ranks.
    ///
    /// - Throws: ``LaunchError``; then no rank is left running.
    init(_ launcher: Launcher, telling events: EventPipe) throws {
        let program = ProcessSpawn(
            executable: launcher.executable, arguments: [launcher.name] + launcher.arguments,
            environment: launcher.environment)
        let count = launcher.processCount
        let logs = try launcher.logFolder.map { try LogFolder($0) }
        let store = try StorePort()
        Descriptor.closeAllOnExec()
        var started: [RankProcess] = []
        do {
            for rank in 0..<count {
                let place = try RankEnvironment(
                    rank: rank, localRank: rank, worldSize: count, localWorldSize: count,
                    masterAddress: StorePort.address, masterPort: store.port)
                started.append(
                    try RankProcess(place, program, store: rank == 0 ? store : nil, followsTerminal: rank == 0))
            }
            output = try OutputForwarder(
                of: started, logs: logs, canRedraw: launcher.environment["TERM"] != "dumb", telling: events)
            for rank in started { try rank.watch(telling: events) }
        } catch {
            for rank in started { rank.kill() }
            for rank in started { _ = rank.reap() }
            throw error
        }
        ranks = started
        self.events = events
        limits = launcher.limits
        self.logs = logs
        job = Job(worldSize: count)
    }

    /// Waits for the job's end, and returns how it ended and the report's lines.
    mutating func run() -> (JobOutcome, report: [String]) {
        let outcome = superviseRanks()
        awaitOutput()
        let lastLines = output.lastLines
        let accounts = ranks.map { rank in
            RankAccount(
                pid: rank.pid, failureTime: rank.failureTime, endTime: rank.endTime, peakMemory: rank.peakMemory,
                lastLines: lastLines[rank.rank] ?? [], isTerminal: rank.output.isMerged)
        }
        var report = JobReport.lines(for: outcome, accounts, on: .current, logs: logs?.path)
        if output.isLineOpen, let first = report.first { report[0] = "\n\(first)" }
        return (outcome, report)
    }

    private mutating func superviseRanks() -> JobOutcome {
        while true {
            wait(for: ranks.compactMap { $0.control?.number }, until: deadlines.values.min())
            for record in events.records() { handle(record) }
            readMessages()
            for (deadline, instant) in deadlines where instant <= .now {
                deadlines[deadline] = nil
                handle(.deadlinePassed(deadline))
            }
            if let outcome { return outcome }
        }
    }

    /// Waits until all that ranks wrote is passed on; a signal, now or before, means that this is not to take forever.
    private mutating func awaitOutput() {
        for rank in ranks where !rank.hasEnded { output.end(rank: rank.rank) }
        let limit = wasSignalled ? ContinuousClock.now + Self.outputLimit : nil
        while !isOutputDrained {
            wait(for: [], until: limit)
            for record in events.records() {
                if record.kind == .signal, record.number != SIGWINCH { return }
                if record.kind == .outputDrained { isOutputDrained = true }
            }
            if let limit, limit <= .now { return }
        }
    }

    private func wait(for sockets: [Int32], until instant: ContinuousClock.Instant?) {
        var requests = ([events.descriptor] + sockets).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let milliseconds = instant.map { (ContinuousClock.now.duration(to: $0) / .milliseconds(1)).rounded(.up) }
        _ = poll(&requests, nfds_t(requests.count), milliseconds.map { Int32(max(0, min($0, 1e6))) } ?? -1)
    }

    private mutating func readMessages() {
        let messages = ranks.flatMap { rank in rank.messages().map { (rank.rank, $0) } }
        var failures: [(rank: Int, failure: RankFailure)] = []
        for (rank, message) in messages {
            if case .failed(let failure) = message {
                failures.append((rank, failure))
            } else {
                handle(.message(message, from: rank))
            }
        }
        // Those that arrive together are told in the order in which the ranks noticed.
        for (rank, failure) in failures.sorted(by: { $0.failure.time < $1.failure.time }) {
            handle(.message(.failed(failure), from: rank))
        }
    }

    private mutating func handle(_ record: EventPipe.Record) {
        switch record.kind {
        case .signal where record.number == SIGWINCH:
            for rank in ranks { rank.output.resize() }
        case .signal:
            wasSignalled = true
            handle(.signalled(record.number))
        case .exit:
            guard let rank = ranks.first(where: { $0.pid == record.number }), !rank.hasEnded else { return }
            // What a rank has sent before its end explains it.
            readMessages()
            let status = rank.reap()
            output.end(rank: rank.rank)
            handle(.exited(rank: rank.rank, status))
        case .outputDrained: isOutputDrained = true
        case .outputEnded, nil: break
        }
    }

    private mutating func handle(_ event: Job.Event) {
        for action in job.handle(event) {
            switch action {
            case .terminate(let asked, let reason): for rank in asked { ranks[rank].terminate(reason: reason) }
            case .kill(let killed): for rank in killed { ranks[rank].kill() }
            case .start(let deadline): deadlines[deadline] = .now + limits[deadline, default: .seconds(5)]
            case .finish(let outcome): self.outcome = outcome
            }
        }
    }
}
