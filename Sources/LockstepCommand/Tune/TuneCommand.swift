import ArgumentParser
import Foundation

/// `lockstep tune`: measures convolutions and writes a table, by a program beside this one.
///
/// This command does not link LibTorch, whose loading alone takes longer than everything else that it does.
struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Measures how convolutions are computed fastest here, and writes a table for training programs.",
        usage: "lockstep tune [<options>]",
        discussion: "`lockstep tune --help` shows the options of lockstep-tune, the program that measures.")

    @Argument(parsing: .captureForPassthrough, help: "The options of lockstep-tune.") var arguments: [String] = []

    func run() throws {
        let folder = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent().path ?? "."
        let program = "\(folder)/lockstep-tune"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw ValidationError(
                "lockstep-tune, the program that measures, is not in \(folder), where lockstep is. Build it there with "
                    + "`swift build -c release --product lockstep-tune`.")
        }
        var pointers = ([program] + arguments).map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        pointers.append(nil)
        execv(program, pointers)
        throw ValidationError("\(program) cannot be started: \(String(cString: strerror(errno)))")
    }
}
