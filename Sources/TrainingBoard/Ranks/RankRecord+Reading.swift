extension RankRecord {
    /// The record in a line; nil where it is none, or one of a kind that is not known.
    init?(_ line: UnsafeBufferPointer<UInt8>) {
        var kind = ""
        var numbers: [String: Double] = [:]
        var texts: [String: String] = [:]
        let isObject = FlatObject.read(line) { name, value in
            let name = FlatText.string(name)
            if name == "type", case .text(let text) = value {
                kind = FlatText.string(text)
            } else if case .text(let text) = value {
                texts[name] = FlatText.string(text)
            } else if let number = FlatText.number(value), number.isFinite {
                numbers[name] = number
            }
        }
        guard isObject else { return nil }
        func whole(_ name: String) -> Int? { numbers[name].flatMap { Int(exactly: $0.rounded()) } }
        let time = numbers["time"]
        switch kind {
        case "start":
            guard let time else { return nil }
            self = .start(
                RankStart(
                    time: time, rank: whole("rank"), localRank: whole("local_rank"), worldSize: whole("world_size"),
                    host: texts["host"] ?? "", pid: whole("pid"), threads: whole("threads"),
                    device: texts["device"] ?? ""))
        case "status":
            guard let time else { return nil }
            self = .status(
                RankStatus(
                    time: time, step: whole("step"), epoch: whole("epoch"), batch: whole("batch"),
                    phase: texts["phase"] ?? "", samplesPerSecond: numbers["samples_per_second"],
                    memory: numbers["memory"], peakMemory: numbers["peak_memory"]))
        case "step":
            guard let step = whole("step"), let begin = numbers["begin"] else { return nil }
            func seconds(_ name: String) -> Double { max(0, numbers[name] ?? 0) }
            self = .step(
                RankStep(
                    step: step, begin: begin, data: seconds("data"), forward: seconds("forward"),
                    backward: seconds("backward"), communication: seconds("communication"),
                    optimizer: seconds("optimizer"), other: seconds("other")))
        case "end":
            guard let time else { return nil }
            self = .end(RankEnd(time: time, outcome: texts["outcome"] ?? "", message: texts["message"] ?? ""))
        default: return nil
        }
    }
}
