import Foundation
import Glibc
import HostNetwork
import RankProtocol
import Synchronization

/// Starts a program several times, as the ranks of one job, and sees to it that the job ends as a whole.
///
/// On each of several machines a launcher starts that machine's ranks. That of node 0 serves the store through which
/// ranks and launchers find each other, and decides what becomes of the job.
///
/// ```swift
/// let outcome = try await Launcher(processCount: 4, arguments: ["--epochs", "5"]).run()
/// exit(outcome.exitCode)
/// ```
///
/// Each rank gets torchrun's variables, a session of its own, nothing to read, and the socket of
/// `LauncherVariable`. What rank 0 writes is passed on as it is, what the others write line by line, with `[rank 2] ` in
/// front. Where the launcher writes to a terminal, rank 0 does too: one of its own, of the same size. The first rank to
/// fail ends the job, and the last lines on standard error say which and why.
public struct Launcher: Sendable {
    /// The number of ranks on this machine.
    public var processCount: Int
    /// Which of the job's machines this is; nil for a job on this machine alone.
    public var nodes: NodePlace?
    /// The network interface for the ranks' data; nil for the one through which the machines have met.
    public var interface: String?
    /// The ports for the ranks' data; nil for any.
    public var portRange: ClosedRange<Int>?
    /// How often all ranks are started again when one has failed.
    public var maxRestarts = 0
    /// Makes the folder of the run, and returns its path; called on node 0 when all machines have joined.
    public var runFolder: (@Sendable () throws -> String)?
    /// The file that ranks execute.
    public var executable: String
    /// The name under which ranks are started, which they see as their first argument.
    public var name: String
    /// The ranks' arguments after the name.
    public var arguments: [String]
    /// The ranks' environment, to which their own variables are added.
    public var environment: [String: String]
    /// The folder for `rank-0.out`, `rank-0.err` and so on, with all that each rank writes; nil for `logs` in the run's
    /// folder, where there is one.
    ///
    /// It is made where there is none, and logs that are there go on. Where both of rank 0's streams lead to one
    /// terminal, both are in `rank-0.out`, in the order in which they came.
    public var logFolder: String?
    var limits: Generation.Limits = [
        .cause: .seconds(1), .saving: .seconds(120), .termination: .seconds(5), .death: .seconds(5),
    ]

    /// The time from asking ranks to save their training to ending them; two minutes by default.
    public var savingGrace: Duration {
        get { limits[.saving, default: .seconds(120)] }
        set { limits[.saving] = newValue }
    }

    /// The time from asking ranks to end to killing them; five seconds by default.
    public var grace: Duration {
        get { limits[.termination, default: .seconds(5)] }
        set { limits[.termination] = newValue }
    }

    /// Describes a job.
    ///
    /// - Parameters:
    ///   - processCount: the number of ranks, at least one.
    ///   - executable: the file that ranks execute; this program itself by default.
    ///   - name: the ranks' first argument; by default the executable that is given, or this program's own.
    ///   - arguments: the ranks' other arguments, without any for a launcher.
    ///   - environment: the ranks' environment; this process's by default.
    public init(
        processCount: Int, executable: String? = nil, name: String? = nil, arguments: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.processCount = processCount
        self.executable = executable ?? Self.ownExecutable
        self.name = name ?? executable ?? CommandLine.arguments.first ?? self.executable
        self.arguments = arguments
        self.environment = environment
    }

    /// Runs the job to its end, and writes to standard error why it failed, if it did.
    ///
    /// Until then SIGINT, SIGTERM, SIGHUP and SIGQUIT to this process end the ranks; with SIGTERM and SIGUSR1, those that
    /// can save their training first. So does the cancellation of
    /// the task, as SIGTERM would; a second signal kills them. No descriptor of this process passes to programs that it
    /// starts later, the standard ones excepted.
    ///
    /// - Throws: ``LaunchError`` where the ranks or their logs cannot be started, or another job is running in this process.
    public func run() async throws -> JobOutcome {
        guard processCount >= 1 else {
            throw LaunchError(.invalidProcessCount, "a job of \(processCount) ranks: at least one is needed.")
        }
        guard isRunning.compareExchange(expected: false, desired: true, ordering: .sequentiallyConsistent).exchanged
        else {
            throw LaunchError(.alreadyRunning, "this process runs a job already; start another when it has ended.")
        }
        defer { isRunning.store(false, ordering: .sequentiallyConsistent) }
        if let interface { _ = try NetworkInterface(option: interface) }
        let events = try EventPipe()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                do {
                    try BackgroundThread.start { continuation.resume(with: Result { try supervise(events) }) }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            events.post(EventPipe.Record(.signal, SIGTERM))
        }
    }

    private func supervise(_ events: EventPipe) throws -> JobOutcome {
        // Before the first rank, since a signal that ended this process now would leave ranks behind; and until the
        // report is out.
        let traps = SignalTraps(events: events)
        defer { traps.remove() }
        let (outcome, report) = try run(events)
        for line in report { StandardError.write(line) }
        return outcome
    }

    private func run(_ events: EventPipe) throws -> (JobOutcome, report: [String]) {
        if let nodes, nodes.node > 0 {
            var follower = Follower(self, nodes, telling: events)
            return try follower.run()
        }
        var coordinator = try Coordinator(self, telling: events)
        return try coordinator.run()
    }

    /// What other machines are told of this one.
    var description: NodeDescription {
        NodeDescription(
            node: nodes?.node ?? 0, nodeCount: nodes?.count ?? 1, processCount: processCount,
            host: Machine.current.host, pid: getpid(), arguments: arguments)
    }

    /// The folder for the ranks' logs, where there is one.
    func logFolder(in runFolder: String?) -> String? { logFolder ?? runFolder.map { "\($0)/logs" } }

    /// This program's file, or the link to it where it has been replaced meanwhile.
    private static var ownExecutable: String {
        let link = "/proc/self/exe"
        var (own, named) = (stat(), stat())
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
            stat(link, &own) == 0, stat(path, &named) == 0, own.st_dev == named.st_dev, own.st_ino == named.st_ino
        else { return link }
        return path
    }
}

private let isRunning = Atomic(false)
