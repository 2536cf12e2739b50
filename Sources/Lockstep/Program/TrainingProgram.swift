public import ArgumentParser

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
public protocol TrainingProgram: AsyncParsableCommand, Sendable {
    /// The options that every program has; declare them with `@OptionGroup`.
    var options: TrainingOptions { get }

    /// Trains, on a thread of its own, where all work on tensors stays.
    ///
    /// The process-wide generators have been seeded before.
    func train(with accelerator: Accelerator) async throws
}

extension TrainingProgram {
    /// Starts the training that the command line describes.
    public mutating func run() async throws {
        let program = self
        try await withAccelerator(options, name: Self._commandName, settings: ProgramSettings(of: program)) {
            try await program.train(with: $0)
        }
    }
}
