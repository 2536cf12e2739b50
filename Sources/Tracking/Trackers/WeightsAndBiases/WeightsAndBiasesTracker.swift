import Foundation
import SwiftProtobuf

/// Writes an offline run of Weights & Biases into the folder `wandb` of the run's folder, without any network.
///
/// `wandb sync` sends it later, from any machine that can reach the server:
/// ```
/// wandb sync runs/<run>/wandb/offline-run-*
/// ```
/// What the article's programs do with `wandb.init(project=…, config=…)`, the project and the run's configuration do here.
/// A step is one row of the history: what is logged and evaluated at the same step goes into one. A resumed run goes on in
/// the same file, under the same id, behind its step; what that file had of later steps is removed from it. Where such a
/// run was sent before, it has to be sent again.
public struct WeightsAndBiasesTracker: Tracker {
    /// How the folder is called in the run's folder.
    public static let folderName = "wandb"

    private let project: String?
    private var file: TrackerFile?
    private var id = ""
    private var start = 0.0
    private var history = WandbHistory()
    /// What a resumed run's configuration has, until it is written: before a row, since the last row is written anew where
    /// its step goes on.
    private var newConfiguration: WandbRecord?

    /// A tracker that starts with the run.
    ///
    /// - Parameter project: The project; that of the run if nil.
    public init(project: String? = nil) {
        self.project = project
    }

    /// How it is called in notices.
    public var name: String { "Weights & Biases" }

    /// Creates the run's folder and log, or goes on with those that are there.
    ///
    /// - Throws: ``TrackingError`` where they cannot be written.
    public mutating func start(_ run: TrackedRun) throws {
        let folder = "\(run.folder)/\(Self.folderName)"
        start = run.start.timeIntervalSince1970
        if let step = run.resumedAfter, let earlier = WandbRunFolder.last(in: folder),
            let log = try TrackerFile.bytes(of: earlier.logPath), let kept = WandbHistory(log, upTo: step)
        {
            id = earlier.id
            history = kept
            file = try TrackerFile(earlier.logPath, keepingFirst: kept.byteCount)
            earlier.forgetSync()
            var record = WandbRecord()
            record.config.update = Self.configuration(run)
            newConfiguration = record
            return
        }
        try RunFolder.createFolders(folder)
        let new = try WandbRunFolder.new(in: folder, run.start)
        id = new.id
        history = WandbHistory()
        file = try TrackerFile(new.logPath)
        try file?.append(WandbLog.header)
        try append([Self.header, description(of: run)])
    }

    /// Appends a row a step.
    ///
    /// - Throws: ``TrackingError`` where the log cannot be written.
    public mutating func log(_ points: [TrackedPoint]) throws {
        guard let first = points.first else { return }
        var rows: [(step: Int, values: WandbValues)] = []
        // The last row is written anew if its step goes on.
        if let last = history.lastRow, last.step == first.step {
            rows.append((last.step, last.values))
            try file?.shorten(to: last.offset)
            history.byteCount = last.offset
            history.recordCount = last.number
        }
        for point in points {
            if rows.last?.step != point.step { rows.append((point.step, WandbValues())) }
            rows[rows.count - 1].values.add(point, since: start)
        }
        try append(rows)
    }

    /// Removes the rows of later steps.
    ///
    /// - Throws: ``TrackingError`` where the log cannot be shortened.
    public mutating func goBack(to step: Int) throws {
        guard let path = file?.path, let log = try TrackerFile.bytes(of: path),
            let kept = WandbHistory(log, upTo: step)
        else { return }
        try file?.shorten(to: kept.byteCount)
        history = kept
    }

    /// Writes how the run ended, and closes the log.
    ///
    /// - Throws: ``TrackingError`` where the log cannot be written.
    public mutating func finish(_ outcome: TrackedOutcome) throws {
        var record = WandbRecord()
        if case .failed = outcome { record.exit.exitCode = 1 } else { record.exit.exitCode = 0 }
        record.exit.runtime = Int32(clamping: Int(max(0, Date().timeIntervalSince1970 - start)))
        try append((newConfiguration.map { [$0] } ?? []) + [record])
        file = nil
    }

    // MARK: Writing

    /// Appends rows and then the latest values, in one piece.
    private mutating func append(_ rows: [(step: Int, values: WandbValues)]) throws {
        var next = history
        if let last = next.lastRow, last.offset >= next.byteCount {
            next.lastRow = nil
        }
        var bytes: [UInt8] = []
        if let newConfiguration { try append(newConfiguration, to: &bytes, &next) }
        for (step, values) in rows {
            var record = WandbRecord()
            record.history.item = values.messages
            record.history.step.num = Int64(step)
            let row = WandbHistory.Row(
                step: step, values: values, offset: history.byteCount + bytes.count, number: next.recordCount)
            try append(record, to: &bytes, &next)
            next.add(row)
        }
        var record = WandbRecord()
        record.summary.update = next.summary.messages
        try append(record, to: &bytes, &next)
        try file?.append(bytes)
        next.byteCount = history.byteCount + bytes.count
        history = next
        newConfiguration = nil
    }

    /// Appends records in one piece.
    private mutating func append(_ records: [WandbRecord]) throws {
        var next = history
        var bytes: [UInt8] = []
        for record in records { try append(record, to: &bytes, &next) }
        try file?.append(bytes)
        next.byteCount = history.byteCount + bytes.count
        history = next
    }

    private func append(_ record: WandbRecord, to bytes: inout [UInt8], _ next: inout WandbHistory) throws {
        var record = record
        next.recordCount += 1
        record.num = Int64(next.recordCount)
        record.info.streamID = id
        WandbLog.append(try record.serializedBytes(), to: &bytes, at: history.byteCount)
    }

    // MARK: Records

    private static var header: WandbRecord {
        var record = WandbRecord()
        record.header.versionInfo.producer = "lockstep"
        // The oldest version that reads all records which are written here.
        record.header.versionInfo.minConsumer = "0.12.0"
        return record
    }

    private func description(of run: TrackedRun) -> WandbRecord {
        var record = WandbRecord()
        record.run.runID = id
        record.run.project = project ?? run.project
        record.run.displayName = run.name
        record.run.host = ProcessInfo.processInfo.hostName
        record.run.startTime.seconds = Int64(start)
        record.run.startTime.nanos = Int32(start.truncatingRemainder(dividingBy: 1) * 1e9)
        record.run.config.update = Self.configuration(run)
        return record
    }

    private static func configuration(_ run: TrackedRun) -> [WandbItem] {
        run.configuration.fields.map { WandbItem($0.name, WandbJSON.text($0.value)) }
    }
}
