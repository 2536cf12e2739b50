import ArgumentParser
import Foundation
import Launching

/// `lockstep run`: starts any program as the ranks of a job.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Starts a program as the ranks of a job, on this machine or on several.",
        usage: "lockstep run [<options>] <program> [<arguments> ...]",
        discussion: """
            Each process finds torchrun's variables in its environment: RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, \
            MASTER_ADDR, MASTER_PORT and so on. A program whose name ends with .py is run by python3. The options may be \
            spelled as torchrun's too (--nproc-per-node, --master-addr, --rdzv-endpoint, ...).
            """)

    @OptionGroup var launch: LaunchOptions
    @Flag(name: [.customShort("m"), .long], help: "The program is a Python module.") var module = false
    @Flag(help: "The program is started as it is, also where its name ends with .py.") var noPython = false
    @Argument(parsing: .captureForPassthrough, help: "The program, and its own arguments.") var command: [String]

    mutating func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        // The rest of the command line is the program's, so these come here unread.
        if ["-h", "--help"].contains(command.first) { throw CleanExit.helpRequest(self) }
        if command.first == "--" { command.removeFirst() }
        if let first = command.first, first.hasPrefix("-") { throw ValidationError("Unknown option '\(first)'") }
        let program = try ForeignProgram(
            command: command, isModule: module, isPython: !noPython, path: environment["PATH"] ?? "")
        let count = launch.nproc?.count ?? 1
        var launcher = Launcher(
            processCount: count, executable: program.executable, name: program.name, arguments: program.arguments,
            environment: environment)
        // As many programs take all cores for each process otherwise.
        if environment["OMP_NUM_THREADS"] == nil {
            launcher.environment["OMP_NUM_THREADS"] = "\(AvailableCores.threadsPerRank(localWorldSize: count))"
        }
        let outcome = try await LaunchError.endingProcess {
            try launch.apply(to: &launcher)
            return try await launcher.run()
        }
        guard outcome.exitCode == 0 else { throw ExitCode(outcome.exitCode) }
    }
}
