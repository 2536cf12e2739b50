import SwiftProtobuf

/// What stands in a `.wandb` file, as far as writing goes on behind it.
struct WandbHistory: Sendable {
    /// A row, and where it stands.
    struct Row: Sendable {
        let step: Int
        var values: WandbValues
        /// The offset in the file.
        let offset: Int
        /// How many records stand before it.
        let number: Int
    }

    /// The length of the file.
    var byteCount = WandbLog.header.count
    /// The number of records in it.
    var recordCount = 0
    /// The last row.
    var lastRow: Row?
    /// The latest value of each name in the rows before the last one.
    var summaryBeforeLastRow = WandbValues()

    /// A file with nothing but its header.
    init() {}

    /// What stands in a file before the first row of a later step than `step`, and before the record of the run's end.
    ///
    /// It is nil where the file is none of this kind, or describes no run.
    init?(_ log: [UInt8], upTo step: Int) {
        guard let entries = WandbLog.entries(of: log) else { return nil }
        var hasRun = false
        for entry in entries {
            guard let record = try? WandbRecord(serializedBytes: entry.data) else { break }
            if case .exit? = record.recordType { break }
            if case .run? = record.recordType { hasRun = true }
            if case .history(let history)? = record.recordType {
                if history.step.num > step { break }
                add(
                    Row(
                        step: Int(history.step.num), values: WandbValues(history), offset: entry.bytes.lowerBound,
                        number: recordCount))
            }
            byteCount = entry.bytes.upperBound
            recordCount += 1
        }
        guard hasRun else { return nil }
    }

    /// The latest value of each name.
    var summary: WandbValues {
        var summary = summaryBeforeLastRow
        if let lastRow { summary.add(lastRow.values) }
        return summary
    }

    /// Adds a row behind the others.
    mutating func add(_ row: Row) {
        summaryBeforeLastRow = summary
        lastRow = row
    }
}
