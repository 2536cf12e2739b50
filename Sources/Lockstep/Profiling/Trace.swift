import Checkpointing

/// What ranks did and when, in the format that Perfetto and chrome://tracing open (Chrome's Trace Event Format).
struct Trace {
    /// A row of a rank.
    enum Row: Int, CaseIterable {
        case steps, training, collectives

        var name: String {
            switch self {
            case .steps: "steps"
            case .training: "training thread"
            case .collectives: "buckets and other collectives"
            }
        }
    }

    /// Events of one rank as JSON, separated by commas; moments count from a moment that all ranks share.
    private(set) var events: [String] = []
    private let rank: Int
    private let start: UInt64

    /// Begins a rank's part.
    ///
    /// - Parameters:
    ///   - rank: its number.
    ///   - host: its machine.
    ///   - start: the shared moment on this rank's clock, in nanoseconds.
    init(rank: Int, host: String, start: UInt64) {
        self.rank = rank
        self.start = start
        let name = CheckpointValue.text("rank \(rank) (\(host))").json
        events.append(#"{"name":"process_name","ph":"M","pid":\#(rank),"args":{"name":\#(name)}}"#)
        events.append(#"{"name":"process_sort_index","ph":"M","pid":\#(rank),"args":{"sort_index":\#(rank)}}"#)
        for row in Row.allCases {
            events.append(
                #"{"name":"thread_name","ph":"M","pid":\#(rank),"tid":\#(row.rawValue),"args":{"name":"\#(row.name)"}}"#
            )
        }
    }

    /// Adds something that took a while.
    mutating func add(_ name: String, on row: Row, from begin: UInt64, to end: UInt64) {
        guard begin >= start, end >= begin else { return }
        let (offset, duration) = (microseconds(begin - start), microseconds(end - begin))
        let text = CheckpointValue.text(name).json
        events.append(
            #"{"name":\#(text),"ph":"X","ts":\#(offset),"dur":\#(duration),"pid":\#(rank),"tid":\#(row.rawValue)}"#)
    }

    private func microseconds(_ nanoseconds: UInt64) -> String { "\(Double(nanoseconds) / 1000, decimals: 3)" }

    /// A whole file, of the events of all ranks.
    static func file(_ ranks: [String]) -> String {
        "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + ranks.filter { !$0.isEmpty }.joined(separator: ",\n")
            + "\n]}\n"
    }
}
