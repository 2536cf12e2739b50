public import ArgumentParser
import RankProtocol

/// The options with which a program starts itself several times, on one machine or on several.
public struct LaunchOptions: ParsableArguments, Sendable {
    /// How many processes to start on this machine; nil to stay one, or for one a machine.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Starts the program this many times on this machine; auto: once for each core.", valueName: "n|auto"),
        transform: { try ProcessCount($0) })
    public var nproc: ProcessCount?

    /// Which machine this is, and how the machines reach each other.
    @OptionGroup
    public var nodes: NodeOptions

    /// How often all processes are started again after a failure.
    @Option(help: "Starts all processes again, at most this many times, when one has failed.")
    public var maxRestarts = 0

    /// Seconds that ranks have for saving their training when they are asked to stop, as ``Launcher/savingGrace``.
    @Option(
        help: ArgumentHelp(
            "Seconds for saving the training when SIGTERM or SIGUSR1 asks the launcher to stop.", valueName: "seconds"))
    public var savingGrace = 120.0

    /// A folder for all that each rank writes, as ``Launcher/logFolder``; nil for the run's own.
    @Option(
        help: ArgumentHelp(
            "A folder for rank-<N>.out and rank-<N>.err with all output of each process (default: logs in the run's "
                + "folder).", valueName: "folder"))
    public var logDirectory: String?

    /// The options before a command line has been read, and with their default values.
    public init() {}

    /// Whether processes are to be started.
    public var startsProcesses: Bool { nproc != nil || nodes.nnodes != nil }

    /// Refuses what cannot be meant, and what nothing would come of.
    public func validate() throws {
        if !startsProcesses {
            let unused = [
                logDirectory.map { _ in "--log-directory" }, nodes.rendezvous.map { _ in "--rendezvous" },
                nodes.nodeRank.map { _ in "--node-rank" }, maxRestarts > 0 ? "--max-restarts" : nil,
            ].compactMap(\.self)
            if let first = unused.first {
                throw ValidationError(
                    "\(first) is for the processes that --nproc or --nnodes starts: give one of these too")
            }
        }
        guard savingGrace > 0, savingGrace < 1e6 else {
            throw ValidationError("--saving-grace \(savingGrace): expected a number of seconds above 0")
        }
        if maxRestarts < 0 {
            throw ValidationError("--max-restarts \(maxRestarts): a number of restarts is not negative")
        }
    }

    /// The launcher that the options ask for; nil where this process is to do the work itself.
    ///
    /// - Parameters:
    ///   - arguments: the command line, the program's name first.
    ///   - environment: the variables of this process, which its ranks get too.
    /// - Throws: ``LaunchError`` with `nested` where processes are to be started by one that is a rank already, and with
    ///   `contradiction` where the environment names another interface.
    public func launcher(arguments: [String], environment: [String: String]) throws -> Launcher? {
        guard startsProcesses else { return nil }
        if let rank = try RankEnvironment(environment: environment) {
            throw LaunchError(
                .nested,
                "\(nproc.map { "--nproc \($0)" } ?? "--nnodes") is given to a process that "
                    + "\(rank.launcher ?? "a launcher") has started as rank \(rank.rank) of \(rank.worldSize). Give the "
                    + "number of processes to that launcher, or start the program without it.")
        }
        var launcher = Launcher(
            processCount: nproc?.count ?? 1, arguments: Self.removed(from: Array(arguments.dropFirst())),
            environment: environment)
        try apply(to: &launcher)
        return launcher
    }

    /// Sets what the options say beside the number of processes.
    ///
    /// - Throws: ``LaunchError`` with `contradiction`.
    public func apply(to launcher: inout Launcher) throws {
        let variable = PyTorchVariable.glooInterface
        if let interface = nodes.interface, let other = launcher.environment[variable], other != interface {
            throw LaunchError(
                .contradiction,
                "--interface is \(interface) and \(variable) is \(other) in the environment. Unset \(variable), or give the "
                    + "same name.")
        }
        launcher.nodes = try nodes.place
        launcher.interface = nodes.interface
        launcher.portRange = nodes.portRange?.ports
        launcher.maxRestarts = maxRestarts
        launcher.savingGrace = .seconds(savingGrace)
        launcher.logFolder = logDirectory
    }

    private static let names = [
        "--nproc", "--nnodes", "--node-rank", "--rendezvous", "--rendezvous-timeout", "--interface", "--port-range",
        "--max-restarts", "--saving-grace", "--log-directory",
    ]

    /// A program's arguments for its ranks: without these options.
    static func removed(from arguments: [String]) -> [String] {
        var kept: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" { return kept + [argument] + rest }
            if names.contains(argument) {
                _ = rest.popFirst()
            } else if !names.contains(where: { argument.hasPrefix("\($0)=") }) {
                kept.append(argument)
            }
        }
        return kept
    }
}
