import Synchronization

/// The last lines that each rank wrote, for the report.
final class LineTails: Sendable {
    private let tails = Mutex<[Int: [String]]>([:])

    /// The lines of each rank that wrote any.
    var lines: [Int: [String]] { tails.withLock { $0 } }

    func keep(_ line: ArraySlice<UInt8>, of rank: Int) {
        let text = String(decoding: line, as: UTF8.self)
        tails.withLock { tails in
            if tails[rank, default: []].count == JobReport.quotedLineCount { tails[rank]?.removeFirst() }
            tails[rank, default: []].append(text)
        }
    }
}
