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

    /// The options before a command line has been read, and with their default values.
    public init() {}

    /// The launcher that the options ask for; nil where this process is to do the work itself.
    ///
    /// - Parameters:
    ///   - arguments: the command line, the program's name first.
    ///   - environment: the variables of this process, which its ranks get too.
    /// - Throws: ``LaunchError`` with `nested` where `--nproc` is given to a process that is a rank already.
    public func launcher(arguments: [String], environment: [String: String]) throws -> Launcher? {
        guard let nproc else { return nil }
        guard try RankEnvironment(environment: environment) == nil else {
            throw LaunchError(
                .nested,
                "--nproc \(nproc) is given to a process that a launcher has started (RANK is set). Give the number of "
                    + "processes to that launcher, or unset RANK and WORLD_SIZE.")
        }
        return Launcher(
            processCount: nproc.count, arguments: Self.removed(from: Array(arguments.dropFirst())),
            environment: environment)
    }

    /// A program's arguments for its ranks: without these options.
    static func removed(from arguments: [String]) -> [String] {
        var kept: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" { return kept + [argument] + rest }
            if argument == "--nproc" {
                _ = rest.popFirst()
            } else if !argument.hasPrefix("--nproc=") {
                kept.append(argument)
            }
        }
        return kept
    }
}
