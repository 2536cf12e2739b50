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
    @Flag(help: "The ranks are foreign programs: /bin/sh with the values as its arguments.") var foreign = false
    @Option(help: "What the ranks execute.") var executable: String?
    @Argument var behaviour: Behaviour
    @Argument(parsing: .allUnrecognized) var values: [String] = []

    mutating func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard var launcher = try launch.launcher(arguments: CommandLine.arguments, environment: environment) else {
            try ProbeRank(environment: environment, values: values).perform(behaviour)
        }
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
    /// The same, with a program started in each rank's group.
    case grandchild
    /// All ranks stop themselves, as SIGSTOP does.
    case stopped
    /// Waits for the wish to stop, and prints its reason.
    case obey
    /// Prints lines in pieces that end anywhere.
    case lines
    /// Prints what the process was given: variables, arguments, descriptors, signals, session.
    case describe
}
