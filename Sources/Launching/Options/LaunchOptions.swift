public import ArgumentParser
import RankProtocol

/// The options with which a program starts itself several times.
public struct LaunchOptions: ParsableArguments, Sendable {
    /// How many processes to start on this machine; nil to stay one.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Starts the program this many times on this machine; auto: once for each core.", valueName: "n|auto"),
        transform: { try ProcessCount($0) })
    public var nproc: ProcessCount?

    /// A folder for all that each rank writes, as ``Launcher/logFolder``; nil for none.
    @Option(
        help: ArgumentHelp(
            "With --nproc: writes all output of each process to rank-<N>.out and rank-<N>.err in this folder.",
            valueName: "folder"))
    public var logDirectory: String?

    /// The options before a command line has been read, and with their default values.
    public init() {}

    /// Refuses a folder for logs that nobody would write.
    public func validate() throws {
        if logDirectory != nil, nproc == nil {
            throw ValidationError("--log-directory is for the processes that --nproc starts: give --nproc too")
        }
    }

    /// The launcher that the options ask for; nil where this process is to do the work itself.
    ///
    /// - Parameters:
    ///   - arguments: the command line, the program's name first.
    ///   - environment: the variables of this process, which its ranks get too.
    /// - Throws: ``LaunchError`` with `nested` where `--nproc` is given to a process that is a rank already.
    public func launcher(arguments: [String], environment: [String: String]) throws -> Launcher? {
        guard let nproc else { return nil }
        if let rank = try RankEnvironment(environment: environment) {
            throw LaunchError(
                .nested,
                "--nproc \(nproc) is given to a process that \(rank.launcher ?? "a launcher") has started as rank \(rank.rank) "
                    + "of \(rank.worldSize). Give the number of processes to that launcher, or start the program without it."
            )
        }
        var launcher = Launcher(
            processCount: nproc.count, arguments: Self.removed(from: Array(arguments.dropFirst())),
            environment: environment)
        launcher.logFolder = logDirectory
        return launcher
    }

    private static let names = ["--nproc", "--log-directory"]

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
