import Foundation
import Glibc
import RankProtocol
import Synchronization

/// Starts a program several times on this machine, as the ranks of one job, and sees to it that the job ends as a whole.
///
/// ```swift
/// let outcome = try await Launcher(processCount: 4, arguments: ["--epochs", "5"]).run()
/// exit(outcome.exitCode)
/// ```
///
/// Each rank gets torchrun's variables, a session of its own, nothing to read, and the two sockets of
/// `LauncherVariable`. What rank 0 writes is passed on as it is, what the others write line by line, with `[rank 2] ` in
/// front. Where the launcher writes to a terminal, rank 0 does too: one of its own, of the same size. The first rank to
/// fail ends the job, and the last lines on standard error say which and why.
public struct Launcher: Sendable {
    /// The number of ranks.
    public var processCount: Int
    /// The file that ranks execute.
    public var executable: String
    /// The name under which ranks are started, which they see as their first argument.
    public var name: String
    /// The ranks' arguments after the name.
    public var arguments: [String]
    /// The ranks' environment, to which their own variables are added.
    public var environment: [String: String]
    /// The folder for `rank-0.out`, `rank-0.err` and so on, with all that each rank writes; nil for none.
    ///
    /// It is made where there is none, and logs that are there go on. Where both of rank 0's streams lead to one
    /// terminal, both are in `rank-0.out`, in the order in which they came.
    public var logFolder: String?
    var limits: Supervisor.Limits = [.cause: .seconds(1), .termination: .seconds(5), .death: .seconds(5)]

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
    /// Until then SIGINT, SIGTERM, SIGHUP and SIGQUIT to this process end the ranks, and so does the cancellation of
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
        let (outcome, report) = try outcome(events)
        for line in report { StandardError.write(line) }
        return outcome
    }

    private func outcome(_ events: EventPipe) throws -> (JobOutcome, report: [String]) {
        // Before the first rank, since a signal that ended this process now would leave ranks behind.
        let traps = SignalTraps(events: events)
        defer { traps.remove() }
        var supervisor = try Supervisor(self, telling: events)
        return supervisor.run()
    }

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
