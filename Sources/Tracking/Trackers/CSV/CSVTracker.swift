/// Writes `metrics.csv` into the run's folder: a header with the names, and a row a record.
///
/// The columns are in the order in which the names first occurred. A name that occurs later becomes a column at the end,
/// for which the file is written anew and put in place of the old one. A field that a record does not have is empty.
/// Numbers are written so that they read back as the same numbers; those that are not finite are `nan`, `inf` and `-inf`.
///
/// A resumed run goes on with the file behind its step, so a step has one row, as in `metrics.jsonl`. An evaluation has a
/// row of its own, with the step after which it was made.
public struct CSVTracker: Tracker {
    /// How the file is called in the run's folder.
    public static let fileName = "metrics.csv"

    private var file: TrackerFile?
    private var columns: [String] = []

    /// A tracker that starts with the run.
    public init() {}

    /// How it is called in notices.
    public var name: String { Self.fileName }

    /// Opens the file; of an earlier one, rows up to the step that the run goes on after stay.
    ///
    /// - Throws: ``TrackingError`` where the file cannot be written.
    public mutating func start(_ run: TrackedRun) throws {
        let path = "\(run.folder)/\(Self.fileName)"
        columns = []
        guard let step = run.resumedAfter, let bytes = try TrackerFile.bytes(of: path) else {
            file = try TrackerFile(path)
            return
        }
        let table = CSVTable(bytes)
        file = try TrackerFile(path, keepingFirst: table.byteCount(upTo: step))
        columns = table.header
    }

    /// Appends a row a point.
    ///
    /// - Throws: ``TrackingError`` where the file cannot be written.
    public mutating func log(_ points: [TrackedPoint]) throws {
        var names = columns
        var known = Set(columns)
        for point in points {
            for field in point.record.fields where known.insert(field.name).inserted { names.append(field.name) }
        }
        if names.count > columns.count { try widen(to: names) }
        var lines = CSVLine()
        for point in points {
            for name in columns { lines.append(point.record[name]) }
            lines.end()
        }
        try file?.append(lines.bytes)
    }

    /// Removes the rows of later steps.
    ///
    /// - Throws: ``TrackingError`` where the file cannot be shortened.
    public mutating func goBack(to step: Int) throws {
        guard let path = file?.path, let bytes = try TrackerFile.bytes(of: path) else { return }
        try file?.shorten(to: CSVTable(bytes).byteCount(upTo: step))
    }

    /// Closes the file.
    public mutating func finish(_ outcome: TrackedOutcome) {
        file = nil
    }

    /// Writes the file anew with more columns, in which the rows so far have nothing.
    private mutating func widen(to names: [String]) throws {
        guard let old = file else { return }
        var header = CSVLine()
        for name in names { header.append(text: name) }
        header.end()
        let bytes = try TrackerFile.bytes(of: old.path) ?? []
        // What a failed attempt left behind the rows does not count.
        let table = CSVTable(Array(bytes.prefix(old.byteCount)))
        var contents = header.bytes
        for row in table.rows.dropFirst() {
            contents.append(contentsOf: bytes[row.bytes].dropLast())
            contents.append(contentsOf: repeatElement(UInt8(ascii: ","), count: names.count - row.fields.count))
            contents.append(UInt8(ascii: "\n"))
        }
        file = try TrackerFile.replacing(old.path, with: contents)
        columns = names
    }
}
