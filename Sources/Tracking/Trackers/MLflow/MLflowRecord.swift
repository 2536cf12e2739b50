import Files
import Foundation

/// What a run's folder says of its run on an MLflow server: the file `mlflow.json`.
struct MLflowRecord: Decodable {
    static let fileName = "mlflow.json"

    let server: String
    let experiment: String
    let run: String

    /// The record in a folder, if there is one that can be read.
    init?(in folder: String) {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(Self.fileName)"),
            let record = try? JSONDecoder().decode(MLflowRecord.self, from: data)
        else { return nil }
        self = record
    }

    /// Writes the record of a run into a folder.
    static func write(_ run: MLflowRun, in folder: String) throws {
        var json = JSONBytes()
        json.append([
            "server": .text(run.server.address.absoluteString), "experiment": .text(run.experiment),
            "run": .text(run.id),
        ])
        json.endLine()
        try withFileErrors(as: { TrackingError($0) }) { try AtomicFile.write(json.bytes, to: "\(folder)/\(fileName)") }
    }
}
