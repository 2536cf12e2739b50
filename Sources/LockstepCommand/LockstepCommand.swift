import ArgumentParser
import Launching

/// The command `lockstep`.
@main
struct LockstepCommand: AsyncParsableCommand {
    /// The version of Lockstep.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "lockstep",
        abstract: "Starts, shows, examines, supplies, plans and reports on distributed training.",
        version: version,
        subcommands: [
            RunCommand.self, BoardCommand.self, Doctor.self, DataCommand.self, PlanCommand.self, TuneCommand.self,
            ReportCommand.self,
        ])

    /// Reads the command line, in which `run` may have torchrun's spelling, and does what it says.
    static func main() async {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == RunCommand.configuration.commandName {
            do {
                arguments = arguments.prefix(1) + (try TorchrunSpelling(Array(arguments.dropFirst())).arguments)
            } catch {
                exit(withError: error)
            }
        }
        await runToEnd(arguments)
    }
}
