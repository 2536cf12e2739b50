import Logging
import Torch
import Tracking

/// One training of a program on this rank, from its accelerator to what the ranks say to each other at its end.
struct TrainingRun {
    var options: TrainingOptions
    let name: String
    let settings: ProgramSettings
    let ranks: Ranks

    /// Runs a training; the ranks stay together only after a rehearsal.
    ///
    /// - Parameters:
    ///   - rehearsal: how much of it a dry run does; nil for all.
    ///   - body: the program's training.
    /// - Throws: what `body` throws; ``TrainingStopped`` where all ranks have ended after the same step.
    func run<Result: Sendable>(
        _ rehearsal: Rehearsal?, _ body: @Sendable (Accelerator) async throws -> Result
    ) async throws -> Result {
        let accelerator = try Accelerator(
            options: options, name: name, settings: settings, ranks: ranks, rehearsal: rehearsal)
        let recording = accelerator.flightRecording
        recording?.begin()
        Generator.seedAll(options.seed)
        func end(_ outcome: TrackedOutcome) throws {
            try accelerator.finish(outcome)
            if rehearsal == nil { try ranks.close() }
            recording?.end()
        }
        let result: Result
        do {
            result = try await body(accelerator)
            accelerator.note("at the end of its training")
            try accelerator.finishCheckpoints()
            try accelerator.requireFiniteModels()
            try accelerator.requireEqualModels()
            try accelerator.endProfile()
            try accelerator.summarize()
        } catch let stopped as TrainingStopped {
            // All ranks have stopped after the same step.
            try end(.stopped("\(stopped)"))
            throw stopped
        } catch {
            // The first error is the cause; a failure to write the rest of the metrics is shown beside it.
            do { try accelerator.finish(.failed("\(error)")) } catch { accelerator.logger.error("\(error)") }
            throw error
        }
        try end(.finished)
        return result
    }
}
