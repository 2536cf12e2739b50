import Foundation
import Tracking

/// Where the weights of a run are.
enum SavedWeights {
    /// What programs save their weights as, and checkpoints the first prepared model.
    private static let fileName = "model.safetensors"

    /// The file with weights.
    ///
    /// - Parameters:
    ///   - name: a file, a checkpoint or a run's folder; nil for the run's.
    ///   - run: the folder of the run; nil for the newest under `runs`.
    ///   - program: the name of the program, which its runs' folders have.
    /// - Throws: `TrainingError` where there is none.
    static func path(named name: String?, run: String?, program: String) throws -> String {
        if let place = name ?? run {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else {
                throw TrainingError(
                    .noWeights, "\(place): there is no such file. Name weights, a checkpoint or a run's folder.")
            }
            if !isFolder.boolValue { return place }
            if let file = file(in: place) { return file }
            throw TrainingError(
                .noWeights,
                "\(place) has neither \(fileName) nor a checkpoint with it. Name weights, a checkpoint or a run's folder."
            )
        }
        if let file = RunFolder.all(of: program).lazy.compactMap({ file(in: $0) }).first { return file }
        throw TrainingError(
            .noWeights,
            "there is no run of \(program) with weights under runs/. Train first, or name weights with --weights.")
    }

    /// A run's weights, those that it saved at its end before those of its newest checkpoint.
    private static func file(in folder: String) -> String? {
        [folder, RunFolder(existing: folder).checkpointsPath + "/latest", folder + "/latest"].map {
            "\($0)/\(fileName)"
        }
        .first { FileManager.default.fileExists(atPath: $0) }
    }
}
