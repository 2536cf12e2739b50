import ArgumentParser
import Foundation
import Launching
import RankProtocol

/// A program that launches itself and behaves as its arguments say, for tests of the launcher.
///
/// A process with `--nproc` is the launcher; its ranks are processes of this program too.
@main
struct LaunchProbe: AsyncParsableCommand {
    @OptionGroup var launch: LaunchOptions
    @Option(help: "Milliseconds from asking ranks to end to killing them.") var grace = 5000
    @Option(help: "The number of descriptors that the launcher may have.") var descriptors: UInt?
    @Option(help: "A signal that the launcher ignores.") var ignored: Int32?
    @Option(help: "A terminal that becomes the launcher's own, with all of its standard streams.") var terminal: String?
    @Flag(help: "The ranks are foreign programs: /bin/sh with the values as its arguments.") var foreign = false
    @Option(help: "What the ranks execute.") var executable: String?
    @Argument var behaviour: Behaviour
    @Argument(parsing: .allUnrecognized) var values: [String] = []

    mutating func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard var launcher = try launch.launcher(arguments: CommandLine.arguments, environment: environment) else {
            try ProbeRank(environment: environment, values: values).perform(behaviour)
        }
        if let terminal { try takeTerminal(terminal) }
        if foreign {
            (launcher.executable, launcher.name) = ("/bin/sh", "/bin/sh")
            launcher.arguments = Array(values.drop { $0 == "--" })
        }
        if let executable { launcher.executable = executable }
        if let descriptors {
            var limit = rlimit(rlim_cur: descriptors, rlim_max: descriptors)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        if let ignored { signal(ignored, SIG_IGN) }
        launcher.grace = .milliseconds(grace)
        let outcome: JobOutcome
        do {
            outcome = try await launcher.run()
        } catch let error as LaunchError {
            write("\(error.code): \(error)", to: STDERR_FILENO)
            throw ExitCode(64)
        }
        throw ExitCode(outcome.exitCode)
    }

    /// Makes a terminal this process's standard streams; a session's leader without one gets it as its own.
    private func takeTerminal(_ path: String) throws {
        let descriptor = open(path, O_RDWR)
        guard descriptor >= 0 else { throw ProbeRank.Misuse(description: "\(path) cannot be opened") }
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] { dup2(descriptor, stream) }
        close(descriptor)
    }
}

/// What a rank of the probe does.
enum Behaviour: String, ExpressibleByArgument {
    /// Finishes.
    case ok
    /// Rank K reports an error and exits with a code; the others wait.
    case fail
    /// All ranks but K report a consequence and exit; then rank K reports its error.
    case consequences
    /// All ranks report a consequence.
    case onlyConsequences
    /// Rank K exits with a code, after some lines on standard error.
    case exit
    /// Rank K exits with 10 and the generation's number in the first N generations; otherwise all finish.
    case flaky
    /// Rank K sends itself a signal, after it has filled some MiB of memory.
    case kill
    /// Rank K exits with code 0 and without having finished.
    case leave
    /// All ranks say that they are ready, and wait.
    case wait
    /// The same, and SIGTERM is ignored.
    case stubborn
    /// The same, with a program started by each rank that ignores SIGTERM; the value says where: see ``Grandchild``.
    case grandchild
    /// All ranks stop themselves, as SIGSTOP does.
    case stopped
    /// Rank 0 waits on the network for more ranks than there are, and the others wait for rank 0.
    case meet
    /// All ranks wait for the rest of what they read from the network.
    case download
    /// All ranks keep a core busy.
    case compute
    /// All ranks write a file over and over, a part at a time, and give it its name when it is whole.
    case save
    /// Rank 0 hides its terminal's cursor and switches the echo off, and all wait.
    case draw
    /// Waits for the wish to stop, and prints its reason.
    case obey
    /// Prints lines in pieces that end anywhere.
    case lines
    /// Prints what the process was given: variables, arguments, descriptors, signals, session.
    case describe
}
