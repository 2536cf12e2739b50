import Checkpointing
import Foundation
import Tracking

/// Which checkpoint a run goes on from: what `--resume` says, or the run's own after a restart.
struct ResumeTarget {
    private enum Kind {
        case newest(of: CheckpointFolder)
        case checkpoint
    }

    /// The folder of checkpoints, or the one checkpoint.
    let place: String
    /// The run that it belongs to, where that goes on in its folder.
    let runFolder: String?
    private let kind: Kind
    /// Whether a run that has no checkpoint yet begins anew.
    private let mayBeEmpty: Bool

    /// Nil where the training begins anew.
    ///
    /// - Parameters:
    ///   - options: the run's, with its folder where that is known.
    ///   - program: the program's name, which its runs' folders have.
    ///   - isRestart: whether a launcher has started this process again after a failure.
    init?(_ options: TrainingOptions, program: String, isRestart: Bool) {
        let value = options.checkpoints.resume
        guard value != nil || isRestart else { return nil }
        let isLatest = options.checkpoints.resumesLatest
        mayBeEmpty = isLatest || value == nil
        let run = options.runDirectory ?? (isLatest ? Self.newestRun(of: program) : nil)
        if let run {
            let own = CheckpointFolder(at: Self.checkpoints(of: run))
            // A restart goes on with what this run has saved since it began, if anything.
            if isLatest || (isRestart && (value == nil || (try? own.entries().isEmpty) == false)) {
                (place, runFolder, kind) = (own.path, run, .newest(of: own))
                return
            }
        }
        guard let value, !isLatest else {
            let place = Self.checkpoints(of: "runs/\(program)-…")
            (self.place, runFolder, kind) = (place, nil, .newest(of: CheckpointFolder(at: place)))
            return
        }
        runFolder = nil
        let inRun = Self.checkpoints(of: value)
        if FileManager.default.fileExists(atPath: "\(value)/manifest.json") {
            (place, kind) = (value, .checkpoint)
        } else if FileManager.default.fileExists(atPath: inRun) {
            (place, kind) = (inRun, .newest(of: CheckpointFolder(at: inRun)))
        } else {
            (place, kind) = (value, .newest(of: CheckpointFolder(at: value)))
        }
    }

    /// Opens the checkpoint; nil where the run's own folder has none yet.
    ///
    /// - Throws: `CheckpointError` for one that is damaged, `TrainingError` where a folder that was named has none.
    func opened() throws -> CheckpointFolder.Opened? {
        switch kind {
        case .checkpoint:
            return CheckpointFolder.Opened(checkpoint: try CheckpointFolder.open(place), path: place)
        case .newest(let folder):
            if let opened = try folder.latest() { return opened }
            if mayBeEmpty { return nil }
            throw TrainingError(
                .cannotResume,
                "--resume \(place): there is no checkpoint. Name a run's folder, a checkpoint in it, or latest.")
        }
    }

    /// The folder with a run's checkpoints.
    private static func checkpoints(of run: String) -> String {
        RunFolder(existing: URL(fileURLWithPath: run).path).checkpointsPath
    }

    /// A run's folder, if it has checkpoints.
    static func ifResumable(_ run: String) -> String? {
        FileManager.default.fileExists(atPath: checkpoints(of: run)) ? run : nil
    }

    /// The newest folder under `runs` of a program's run that has checkpoints.
    static func newestRun(of program: String) -> String? {
        RunFolder.all(of: program).lazy.compactMap(ifResumable).first.map { URL(fileURLWithPath: $0).path }
    }
}
