public import ArgumentParser
import Foundation
import Launching

/// A training program: its options, and what to do with them.
///
/// ```swift
/// @main
/// struct Classifier: TrainingProgram {
///     @OptionGroup var options: TrainingOptions
///     @Option var epochs = 5
///
///     func train(with accelerator: Accelerator) async throws {
///         let network = Sequential { Flatten(); Linear(784, 10) }
///         // ...
///     }
/// }
/// ```
/// With `--nproc 4` the program starts itself four times, as the ranks of one job. Each calls `train`; the first error of
/// any of them ends all.
public protocol TrainingProgram: AsyncParsableCommand, Sendable {
    /// The options that every program has; declare them with `@OptionGroup`.
    var options: TrainingOptions { get }

    /// Trains, on a thread of its own, where all work on tensors stays.
    ///
    /// The process-wide generators have been seeded before.
    func train(with accelerator: Accelerator) async throws
}

extension TrainingProgram {
    /// Starts the training that the command line describes, in this process or in several.
    public mutating func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        if let launcher = try options.launch.launcher(arguments: CommandLine.arguments, environment: environment) {
            let outcome = try await launcher.run()
            guard outcome.exitCode == 0 else { throw ExitCode(outcome.exitCode) }
            return
        }
        let program = self
        func train() async throws {
            try await withAccelerator(program.options, name: Self._commandName, settings: ProgramSettings(of: program))
            {
                try await program.train(with: $0)
            }
        }
        guard let process = try RankProcess(environment: environment) else { return try await train() }
        await process.run(train)
    }
}
