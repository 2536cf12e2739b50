import Foundation

/// What a run has left in its folder, for comparison with another run's.
struct RunRecord: Equatable {
    /// The lines of the metrics, but for the time.
    let metrics: [String]
    /// The bytes of the newest checkpoint's tensors, by file.
    let tensors: [String: Data]

    /// Reads a run's folder.
    init(of folder: String) throws {
        metrics = try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
            String($0).replacing(/,"seconds":[^,}]*/, with: "")
        }
        let newest = folder + "/checkpoints/latest/"
        let names = try FileManager.default.contentsOfDirectory(atPath: newest).filter { $0.hasSuffix(".safetensors") }
        tensors = try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: newest + $0))) })
    }

    /// The step of the last line.
    var lastStep: Int? {
        metrics.last?.firstMatch(of: /"step":([0-9]+)/).flatMap { Int($0.1) }
    }

    /// Whether this run, which may have begun later, ended as another one that has all lines.
    func isEnd(of whole: RunRecord, lines: Int) -> Bool {
        metrics.count >= lines && whole.metrics.suffix(metrics.count) == metrics[...] && tensors == whole.tensors
    }
}
