import Checkpointing

/// What the ranks of a training did with their time, as a table for people and as `summary.json`.
struct TrainingSummary: Equatable {
    /// One rank.
    struct Row: Equatable {
        let rank: Int
        let host: String
        /// Of its epochs.
        let seconds: Double
        let samples: Int
        /// Shares of the time, from 0 to 1.
        let compute, communication, data, other: Double
        /// In bytes.
        let peakMemory: Int

        var samplesPerSecond: Double { seconds > 0 ? Double(samples) / seconds : 0 }
    }

    let rows: [Row]
    let steps: Int

    /// The samples of all ranks together in a second of the slowest.
    var samplesPerSecond: Double {
        let seconds = rows.map(\.seconds).max() ?? 0
        return seconds > 0 ? Double(rows.reduce(0) { $0 + $1.samples }) / seconds : 0
    }

    /// A row a rank, under a heading, each indented by two.
    var table: String {
        let heading = ["rank", "samples/s", "computing", "communication", "waiting for data", "other", "peak memory"]
        let cells = rows.map { row in
            ["\(row.rank)", "\(row.samplesPerSecond, decimals: 0)"]
                + [row.compute, row.communication, row.data, row.other].map { "\(100 * $0, decimals: 1) %" }
                + ["\(Double(row.peakMemory) / 1e6, decimals: 0) MB"]
        }
        let widths = heading.indices.map { column in ([heading] + cells).map { $0[column].count }.max() ?? 0 }
        return ([heading] + cells).map { line in
            zip(line, widths).map { String(repeating: " ", count: $1 - $0.count + 2) + $0 }.joined()
        }.joined(separator: "\n")
    }

    /// For `summary.json`.
    var record: CheckpointValue {
        .object([
            "outcome": .text("finished"), "steps": .integer(steps), "samples_per_second": .number(samplesPerSecond),
            "seconds": .number(rows.map(\.seconds).max() ?? 0),
            "ranks": .list(
                rows.map { row in
                    .object([
                        "rank": .integer(row.rank), "host": .text(row.host), "seconds": .number(row.seconds),
                        "samples": .integer(row.samples), "samples_per_second": .number(row.samplesPerSecond),
                        "compute": .number(row.compute), "communication": .number(row.communication),
                        "data": .number(row.data), "other": .number(row.other),
                        "peak_memory": .integer(row.peakMemory),
                    ])
                }),
        ])
    }
}
