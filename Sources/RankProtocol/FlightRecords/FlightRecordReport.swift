import Foundation

/// What the flight records of a run's ranks say together, for people.
///
/// ```swift
/// for line in try FlightRecordReport(folder: "runs/toy-1").lines { print(line) }
/// ```
public struct FlightRecordReport: Sendable {
    /// The records, in the order of the ranks.
    public let records: [FlightRecord]
    /// Files that are there and cannot be read, with the reason.
    public let unreadable: [String]
    /// How many of the last collectives are shown.
    public var shownCollectives = 8

    /// A report on records.
    public init(_ records: [FlightRecord], unreadable: [String] = []) {
        self.records = records.sorted { $0.rank < $1.rank }
        self.unreadable = unreadable
    }

    /// Reads the records in a run's folder, or in the folder of the records itself.
    ///
    /// - Throws: ``FlightRecordError`` with `noRecord` where there is none.
    public init(folder: String) throws {
        let inner = folder + "/" + FlightRecord.folderName
        let place = FileManager.default.fileExists(atPath: inner) ? inner : folder
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [])
            .filter { FlightRecord.rank(ofFile: $0) != nil }.sorted()
        guard !names.isEmpty else {
            throw FlightRecordError(
                .noRecord,
                "\(folder) has no flight record. Ranks write one into \(FlightRecord.folderName) when one of them has "
                    + "failed; a run that ended well has none.")
        }
        var records: [FlightRecord] = []
        var unreadable: [String] = []
        for name in names {
            do {
                records.append(try FlightRecord(decoding: Data(contentsOf: URL(fileURLWithPath: "\(place)/\(name)"))))
            } catch {
                unreadable.append("\(place)/\(name) cannot be read: \(error)")
            }
        }
        self.init(records, unreadable: unreadable)
    }

    /// What happened, group by group.
    public var lines: [String] {
        var lines = [introduction]
        for record in records {
            lines.append(
                "rank \(record.rank) (pid \(record.pid), \(record.host)) at \(Self.time(record.time)): "
                    + (record.reason.split(separator: "\n").first.map(String.init) ?? ""))
        }
        lines += unreadable
        for name in groupNames { lines += [""] + GroupReport(name, records).lines(last: shownCollectives) }
        return lines
    }

    private var introduction: String {
        let count = records.first?.worldSize ?? 0
        let silent = (0..<count).filter { rank in !records.contains { $0.rank == rank } }
        return "flight records of \(records.count) of \(count) ranks"
            + (silent.isEmpty ? "" : "; none of \(ranks(silent))")
    }

    private var groupNames: [String] {
        records.flatMap { $0.groups.map(\.name) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// `12:00:01.250`, on this machine's clock.
    static func time(_ date: Date) -> String {
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded())
        var seconds = time_t(milliseconds / 1000)
        var fields = tm()
        localtime_r(&seconds, &fields)
        return String(
            format: "%02d:%02d:%02d.%03d", fields.tm_hour, fields.tm_min, fields.tm_sec, Int32(milliseconds % 1000))
    }
}

/// `rank 1`, `ranks 0, 2`.
func ranks(_ ranks: some Collection<Int>) -> String {
    "\(ranks.count == 1 ? "rank" : "ranks") \(ranks.sorted().map(String.init).joined(separator: ", "))"
}
