import Foundation
import Torch
import TorchDistributed

/// Trains inside an existing program: runs `body` on a training thread of its own, with a new accelerator.
///
/// ```swift
/// var options = TrainingOptions.standard
/// options.maxSteps = 100
/// try await withAccelerator(options) { accelerator in
///     let network = Linear(10, 1)
///     // ... prepare, train, evaluate
/// }
/// ```
///
/// The process-wide generators are seeded with the options' seed first.
///
/// - Parameters:
///   - options: what a command line would say.
///   - name: the program's name, for the run folder.
///   - body: the training. Work on tensors stays on its thread.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, `TrainingError` for options that cannot be met, `TrackingError` when the run folder
///   cannot be written.
public func withAccelerator<Result: Sendable>(
    _ options: TrainingOptions = .standard, name: String = "training",
    _ body: @Sendable (Accelerator) async throws -> Result
) async throws -> Result {
    try await withAccelerator(options, name: name, settings: ProgramSettings(of: options), body)
}

func withAccelerator<Result: Sendable>(
    _ options: TrainingOptions, name: String, settings: ProgramSettings,
    _ body: @Sendable (Accelerator) async throws -> Result
) async throws -> Result {
    let thread = TrainingThread { LibTorch.keepFreedMemory() }
    defer { thread.stop() }
    return try await withTaskExecutorPreference(thread) {
        let ranks = try Ranks(environment: ProcessInfo.processInfo.environment, options: options)
        ranks.group?.note("starting")
        KernelSelection.current = options.kernels
        LibTorch.threadCount = Accelerator.threadCount(options, ranks)
        do {
            if let table = options.convolutionTable { try ConvolutionTable.use(contentsOf: table) }
            let run = TrainingRun(options: options, name: name, settings: settings, ranks: ranks)
            return options.dryRun ? try await DryRun(run).run(body) : try await run.run(nil, body)
        } catch let stopped as TrainingStopped {
            throw stopped
        } catch {
            // What the other ranks wait for will not come.
            ranks.group?.abort(DistributedError(.aborted, "rank \(ranks.rank) failed: \(error)"))
            // A process of our launcher waits for it itself, when it has told what happened.
            if !RankProcess.isRunning, let recording = FlightRecording.current {
                recording.wait()
                recording.end()
            }
            throw error
        }
    }
}
