import Checkpointing
import Foundation
import RankProtocol
import Torch
import Tracking

/// Tries a training in a few batches: two steps, an evaluation and what the program saves, and then the second step once
/// more, from the checkpoint of the first.
///
/// All of it is done in a folder of its own, which is removed at the end.
struct DryRun {
    private let training: TrainingRun
    private var ranks: Ranks { training.ranks }

    init(_ training: TrainingRun) {
        self.training = training
    }

    /// Creates a folder beside the one of a run, on the same disk.
    ///
    /// - Throws: `TrackingError` or ``TrainingError`` where that cannot be.
    static func createFolder(beside runFolder: String?, program: String) throws -> String {
        let run = URL(fileURLWithPath: runFolder ?? "runs/\(program)").path
        try RunFolder.createFolders((run as NSString).deletingLastPathComponent)
        var path = Array("\(run).dry-run-XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else {
            throw TrainingError(
                .invalidOption,
                "--dry-run: no folder can be created beside \(run): \(String(cString: strerror(errno))). Choose another "
                    + "--run-directory.")
        }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Trains, trains again from the first step's checkpoint, and compares.
    ///
    /// - Returns: what the program's training returned the first time.
    /// - Throws: what the training throws; ``TrainingError`` with `cannotResume` where the step that was done again has
    ///   other results, on a CPU.
    func run<Result: Sendable>(_ body: @Sendable (Accelerator) async throws -> Result) async throws -> Result {
        let launchers = ProcessInfo.processInfo.environment[LauncherVariable.runFolder]
        let made =
            launchers == nil && ranks.isMain
            ? try Self.createFolder(beside: training.options.runDirectory, program: training.name) : nil
        let folder = try ranks.ofMain("folder of the dry run", launchers ?? made ?? "")

        let first = part("first", in: folder)
        let result = try await first.run(Rehearsal(steps: Rehearsal.steps, isRepeated: false), body)
        let steps = try checkpoints(of: first)
        guard let last = steps.last else {
            throw TrainingError(
                .nothingToTrain,
                "--dry-run: the training took no step of a prepared optimizer in accelerator.progress, so there is nothing "
                    + "to save or to go on from.")
        }
        say("\(counted(steps.count, "step")) done and saved; a checkpoint takes \(last.size)")
        if steps.count > 1 {
            var second = part("second", in: folder)
            second.options.checkpoints.resume = steps[steps.count - 2].path
            _ = try await second.run(Rehearsal(steps: 1, isRepeated: true), body)
            try compare(last, checkpoints(of: second))
        }
        try ranks.close()
        if let made { try FileManager.default.removeItem(atPath: made) }
        return result
    }

    /// A checkpoint, as all ranks know it.
    private struct Saved {
        let step: Int
        let path: String
        let byteCount: Int

        var size: String {
            byteCount < 100_000
                ? "\(Double(byteCount) / 1e3, decimals: 1) kB" : "\(Double(byteCount) / 1e6, decimals: 1) MB"
        }
    }

    private func checkpoints(of run: TrainingRun) throws -> [Saved] {
        let folder = CheckpointFolder(at: RunFolder(existing: run.options.runDirectory ?? "").checkpointsPath)
        let own =
            try ranks.isMain ? folder.entries().map { "\($0.step)\t\(try byteCount(of: $0.path))\t\($0.path)" } : []
        return try ranks.ofMain("checkpoints of the dry run", own.joined(separator: "\n")).split(separator: "\n")
            .compactMap {
                let fields = $0.split(separator: "\t", maxSplits: 2).map(String.init)
                guard fields.count == 3, let step = Int(fields[0]), let byteCount = Int(fields[1]) else { return nil }
                return Saved(step: step, path: fields[2], byteCount: byteCount)
            }
    }

    private func byteCount(of checkpoint: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: checkpoint).reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(checkpoint)/\(name)")
            return sum + (attributes[.size] as? Int ?? 0)
        }
    }

    /// Says whether a step that was done again from the checkpoint before it has the same results.
    private func compare(_ before: Saved, _ repeated: [Saved]) throws {
        let outcome = try ranks.ofMain("outcome of the dry run", differences(before, repeated.last))
        let subject = "step \(before.step), done again from the checkpoint of step \(before.step - 1)"
        guard !outcome.isEmpty else { return say("\(subject), has the same bits. Nothing of the dry run is kept.") }
        let problem =
            "\(subject), has other results: \(outcome). Something that the training depends on is in none of its "
            + "checkpoints; give it to accelerator.prepare or accelerator.register."
        // A GPU adds up in another order each time.
        guard LibTorch.cudaDeviceCount == 0 || training.options.device == "cpu" else { return say(problem) }
        throw TrainingError(.cannotResume, "--dry-run: \(problem)")
    }

    /// The tensors of two checkpoints that differ; empty where none does.
    private func differences(_ before: Saved, _ after: Saved?) throws -> String {
        guard let after, after.step == before.step else { return "it was not reached" }
        let (first, second) = try (CheckpointFolder.open(before.path), CheckpointFolder.open(after.path))
        let named = 3
        let names = first.parts.flatMap { part, state -> [String] in
            state.compactMap { name, tensor in
                second.parts[part]?[name].map { $0.digest == tensor.digest } == true ? nil : "\(name) of \(part)"
            }
        }
        guard !names.isEmpty else { return "" }
        return names.prefix(named).joined(separator: ", ")
            + (names.count > named ? " and \(names.count - named) more" : "")
            + (names.count == 1 ? " differs" : " differ")
    }

    private func say(_ text: String) {
        guard ranks.isMain else { return }
        FileHandle.standardError.write(Data("lockstep: dry run: \(text)\n".utf8))
    }

    /// A training in a part of the folder, which saves after each step.
    private func part(_ name: String, in folder: String) -> TrainingRun {
        var run = training
        run.options.runDirectory = "\(folder)/\(name)"
        run.options.checkpoints.checkpointEvery = CheckpointInterval(1, .steps)
        run.options.checkpoints.keepCheckpoints = Rehearsal.steps + 1
        run.options.checkpoints.onCheckpointFailure = .stop
        return run
    }
}
