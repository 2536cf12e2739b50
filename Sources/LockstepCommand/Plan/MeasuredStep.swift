import Foundation
import Planning
import RunFiles

/// The time of a step of one rank, out of a run's folder or the benchmark's JSON file.
struct MeasuredStep {
    /// Seconds of a step, with everything that belongs to it.
    let seconds: Double
    /// Samples in its batch.
    let batchSize: Int

    private struct Benchmark: Decodable {
        struct Run: Decodable {
            let program: String
            let ranks: Int
            let contestant: String
            let milliseconds: Double?
            let batchSize: Int?

            enum CodingKeys: String, CodingKey {
                case program, ranks, contestant, milliseconds
                case batchSize = "batch_size"
            }
        }
        let runs: [Run]
    }

    /// Reads what is at a path; nil where nothing is.
    ///
    /// - Parameter program: the model, for a file that has several.
    /// - Throws: `PlanningError` with `unusableMeasurement` that says what is missing.
    init?(at path: String, program: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            guard path.contains("/") && !path.lowercased().contains("flop") else { return nil }
            throw Self.failure(path, "there is no such file or folder")
        }
        self = isFolder.boolValue ? try Self(run: path) : try Self(benchmark: path, program)
    }

    /// The median over blocks of 16 steps: what happens every few steps counts, and what happens once does not.
    private init(run folder: String) throws {
        let configuration = try Self.bytes(folder + "/config.json").withUnsafeBytes(StoredValue.init)
        guard let batchSize = configuration?["batch-size"]?.integer, batchSize > 0 else {
            throw Self.failure(folder, "its config.json has no batch-size")
        }
        let worldSize = configuration?["world-size"]?.integer ?? 1
        guard worldSize == 1 else {
            throw Self.failure(
                folder, "it is a run of \(worldSize) ranks, whose steps wait for each other; take a run of one rank")
        }
        let lines = try Self.steps(folder + "/metrics.jsonl")
        let block = 16
        var blocks: [Double] = []
        var start = block
        while start + block < lines.count {
            let (first, last) = (lines[start], lines[start + block])
            if first.epoch == last.epoch, last.step > first.step {
                blocks.append((last.seconds - first.seconds) / Double(last.step - first.step))
            }
            start += block
        }
        guard !blocks.isEmpty else {
            throw Self.failure(
                folder, "its metrics.jsonl has \(lines.count) steps, and too few in one epoch; train longer")
        }
        seconds = blocks.sorted()[blocks.count / 2]
        self.batchSize = batchSize
    }

    /// The lines of steps, with when each was written.
    private static func steps(_ path: String) throws -> [(step: Int, epoch: Int?, seconds: Double)] {
        try bytes(path).withUnsafeBytes { bytes in
            var (reader, place) = (MetricsReader(), 0)
            var steps: [(step: Int, epoch: Int?, seconds: Double)] = []
            while reader.next(in: bytes, at: &place) {
                guard !reader.line.isEvaluation, let seconds = reader.line.seconds else { continue }
                steps.append((reader.line.step, reader.line.epoch, seconds))
            }
            return steps
        }
    }

    private init(benchmark file: String, _ program: String) throws {
        let runs = try Self.decode(Benchmark.self, file).runs.filter {
            $0.program == program && $0.ranks == 1 && $0.contestant == "lockstep"
        }
        let times = runs.compactMap(\.milliseconds).sorted()
        guard let batchSize = runs.compactMap(\.batchSize).first, !times.isEmpty else {
            throw Self.failure(
                file,
                "it has no run of \(program) on one rank with its batch size; the benchmark's programs have the names "
                    + "of models, such as cifar10-resnet18")
        }
        seconds = times[times.count / 2] / 1000
        self.batchSize = batchSize
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        do { return Array(try Data(contentsOf: URL(fileURLWithPath: path))) } catch {
            throw PlanningError(
                .unusableMeasurement, "\(path) cannot be read; a run's folder has config.json and metrics.jsonl",
                cause: error)
        }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        let data = Data(try bytes(path))
        do { return try JSONDecoder().decode(type, from: data) } catch {
            throw PlanningError(
                .unusableMeasurement,
                "\(path) is not what was expected: the config.json of a run, or what the benchmark writes", cause: error
            )
        }
    }

    private static func failure(_ path: String, _ reason: String) -> PlanningError {
        PlanningError(.unusableMeasurement, "\(path) does not say what a step takes: \(reason).")
    }
}
