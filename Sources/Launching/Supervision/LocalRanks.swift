import Glibc
import RankProtocol

/// The ranks of this machine in one generation of a job: their processes, what they say, and what they write.
struct LocalRanks {
    /// The time in which a launcher that was interrupted still waits for what ranks wrote to be passed on.
    private static let outputLimit = Duration.seconds(2)

    private let ranks: [RankProcess]
    private let output: OutputForwarder
    private let logs: LogFolder?
    private let first: Int
    private let mark = ProcessMark()
    private var rankGuard: RankGuard?
    private var isOutputDrained = false
    private var wasSignalled = false

    /// Starts the ranks.
    ///
    /// - Parameters:
    ///   - setting: who they are, and what they are told.
    ///   - launcher: what to start.
    ///   - events: told of their ends, and of that of their output.
    /// - Throws: ``LaunchError``; then no rank is left running.
    init(_ setting: RankSetting, _ launcher: Launcher, telling events: EventPipe) throws {
        var program = ProcessSpawn(
            executable: launcher.executable, arguments: [launcher.name] + launcher.arguments,
            environment: launcher.environment)
        program.environment.merge(try setting.variables(of: launcher)) { $1 }
        program.environment[LauncherVariable.mark] = mark.value
        let logs = try Self.logs(of: launcher, setting)
        Descriptor.closeAllOnExec()
        var started: [RankProcess] = []
        rankGuard = try RankGuard(of: mark)
        do {
            for localRank in 0..<launcher.processCount {
                started.append(try RankProcess(try setting.place(ofLocalRank: localRank, launcher), program))
            }
            output = try OutputForwarder(
                of: started, logs: logs, canRedraw: launcher.environment["TERM"] != "dumb", telling: events)
            for rank in started { try rank.watch(telling: events) }
        } catch {
            for rank in started { rank.kill() }
            for rank in started { _ = rank.reap() }
            mark.killAll()
            rankGuard?.dismiss()
            throw error
        }
        ranks = started
        first = setting.plan.firstRank
        self.logs = logs
    }

    /// The folder for what the ranks write; where node 0's run folder cannot be made here too, one of that name.
    private static func logs(of launcher: Launcher, _ setting: RankSetting) throws -> LogFolder? {
        guard let folder = launcher.logFolder(in: setting.plan.runFolder) else { return nil }
        guard setting.node > 0, launcher.logFolder == nil, let run = setting.plan.runFolder else {
            return try LogFolder(folder)
        }
        let own = launcher.logFolder(in: "runs/" + (run.split(separator: "/").last ?? "run"))
        return try (try? LogFolder(folder)) ?? own.map { try LogFolder($0) }
    }

    /// The numbers of the ranks.
    var numbers: Range<Int> { first..<first + ranks.count }

    /// The folder with all that they write, where there is one.
    var logPath: String? { logs?.path }

    /// The sockets on which they say something.
    var controls: [Int32] { ranks.compactMap { $0.control?.number } }

    /// Those whose end has not been noticed.
    var alive: [Int] { ranks.filter { !$0.hasEnded }.map(\.rank) }

    /// Whether a line stands on standard error without an end.
    var isLineOpen: Bool { output.isLineOpen }

    // MARK: What happens

    /// What a record means for the job.
    mutating func events(of record: EventPipe.Record) -> [Job.Event] {
        switch record.kind {
        case .signal where record.number == SIGWINCH:
            for rank in ranks { rank.output.resize() }
            return []
        case .signal:
            wasSignalled = true
            return []
        case .exit:
            guard let rank = ranks.first(where: { $0.pid == record.number }), !rank.hasEnded else { return [] }
            // What a rank has sent before its end explains it.
            let messages = messages()
            let status = rank.reap()
            output.end(rank: rank.rank)
            return messages + [.exited(rank: rank.rank, status)]
        case .outputDrained:
            isOutputDrained = true
            return []
        case .outputEnded, .node, nil: return []
        }
    }

    /// What the ranks have said since the last call.
    func messages() -> [Job.Event] {
        let messages = ranks.flatMap { rank in rank.messages().map { (rank: rank.rank, message: $0) } }
        func failure(_ message: RankMessage) -> RankFailure? {
            if case .failed(let failure) = message { failure } else { nil }
        }
        // Failures that arrive together are told in the order in which the ranks noticed.
        let failures = messages.compactMap { entry in failure(entry.message).map { (entry, time: $0.time) } }
            .sorted { $0.time < $1.time }.map(\.0)
        return (messages.filter { failure($0.message) == nil } + failures).map { .message($0.message, from: $0.rank) }
    }

    // MARK: What is done

    /// Asks those of the ranks that are of this machine to save their training and end.
    func save(_ numbers: some Sequence<Int>) {
        for number in numbers where self.numbers.contains(number) { ranks[number - first].tell(.save) }
    }

    /// Passes a signal on to those of the ranks that are of this machine.
    func forward(_ signal: Int32, to numbers: some Sequence<Int>) {
        for number in numbers where self.numbers.contains(number) { ranks[number - first].forward(signal) }
    }

    /// Asks those of the ranks that are of this machine to end.
    func terminate(_ numbers: some Sequence<Int>, reason: String) {
        for number in numbers where self.numbers.contains(number) { ranks[number - first].terminate(reason: reason) }
    }

    /// Ends those of the ranks that are of this machine.
    func kill(_ numbers: some Sequence<Int>) {
        for number in numbers where self.numbers.contains(number) { ranks[number - first].kill() }
    }

    /// Ends what the ranks have left anywhere, and waits until all that they wrote is passed on.
    ///
    /// A signal, now or before, means that this is not to take forever.
    mutating func awaitOutput(_ events: EventPipe) {
        mark.killAll()
        rankGuard?.dismiss()
        rankGuard = nil
        for rank in ranks where !rank.hasEnded { output.end(rank: rank.rank) }
        var hasNews = false
        defer { if hasNews { events.post(EventPipe.Record(.node)) } }
        let limit = wasSignalled ? ContinuousClock.now + Self.outputLimit : nil
        while !isOutputDrained {
            events.wait(orFor: [], until: limit)
            for record in events.records() {
                if record.request != nil { return }
                if record.kind == .outputDrained { isOutputDrained = true }
                // For whoever waits next.
                if record.kind == .node { hasNews = true }
            }
            if let limit, limit <= .now { return }
        }
    }

    /// What the report can tell of the ranks.
    var accounts: [Int: RankAccount] {
        let lastLines = output.lastLines
        let machine = Machine.current
        return ranks.reduce(into: [:]) { accounts, rank in
            accounts[rank.rank] = RankAccount(
                pid: rank.pid, machine: machine, failureTime: rank.failureTime, endTime: rank.endTime,
                peakMemory: rank.peakMemory, lastLines: lastLines[rank.rank] ?? [], isTerminal: rank.output.isMerged,
                logs: logs?.path)
        }
    }
}
