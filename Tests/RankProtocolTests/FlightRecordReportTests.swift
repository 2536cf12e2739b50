import Foundation
import RankProtocol
import Testing

@Suite("A report on flight records")
struct FlightRecordReportTests {
    private static let start = Date(timeIntervalSince1970: 1_800_000_000)

    private static func collective(
        _ sequence: Int, _ state: FlightRecord.State = .completed, late: Double = 0, elements: Int = 6_400_000
    ) -> FlightRecord.Collective {
        let entered = start.addingTimeInterval(Double(sequence) + late)
        return FlightRecord.Collective(
            sequence: sequence, operation: "all-reduce", bucket: 0, byteCount: 4 * elements, dtype: "float32",
            contents: "all-reduce (sum) of float32 [\(elements)]", state: state, entered: entered,
            left: state == .completed ? start.addingTimeInterval(Double(sequence) + 0.05) : nil)
    }

    private static func member(
        _ rank: Int, _ collectives: [FlightRecord.Collective], process: String = "running",
        activity: String = "in training step 3 (backward pass)"
    ) -> FlightRecord.Member {
        FlightRecord.Member(
            rank: rank, pid: Int32(100 + rank), process: process, activity: activity, activitySince: start,
            lastEntered: collectives.last?.sequence ?? 0, collectives: collectives)
    }

    private static func record(
        _ own: FlightRecord.Member, neighbours: [FlightRecord.Member] = [], failure: String? = nil,
        name: String = "the default group", worldSize: Int = 3
    ) -> FlightRecord {
        FlightRecord(
            rank: own.rank, worldSize: worldSize, host: "vm", pid: own.pid,
            time: start.addingTimeInterval(10 + Double(own.rank)), reason: failure ?? "asked to end",
            groups: [
                FlightRecord.Group(
                    name: name, worldSize: worldSize, failure: failure, own: own, neighbours: neighbours)
            ])
    }

    private static let upTo6 = (1...6).map { collective($0) }

    @Test("names the rank that never entered, also where only its neighbours tell of it")
    func missing() {
        let stopped = Self.member(2, Self.upTo6, process: "stopped (T)", activity: "running evaluate()")
        let records = [0, 1].map { rank in
            Self.record(
                Self.member(rank, Self.upTo6 + [Self.collective(7, .failed)]), neighbours: [stopped],
                failure: "rank 2 did not come")
        }
        let text = FlightRecordReport(records).lines.joined(separator: "\n")
        for words in [
            "flight records of 2 of 3 ranks; none of rank 2",
            "all-reduce #7 (bucket 0, 25.6 MB float32): entered, and not completed: ranks 0, 1; "
                + "rank 2 last completed #6, never entered #7",
            "rank 2 was stopped (T), running evaluate() (as its neighbours saw it)",
            "failed first with: rank 2 did not come",
        ] { #expect(text.contains(words), "\(text)") }
    }

    @Test("tells that a rank was stopped, also where it wrote a record when it went on")
    func stopped() {
        let stopped = Self.member(2, Self.upTo6, process: "stopped (T)")
        let records = [
            Self.record(Self.member(0, Self.upTo6 + [Self.collective(7, .failed)]), neighbours: [stopped]),
            Self.record(Self.member(2, Self.upTo6)),
        ]
        let lines = FlightRecordReport(records).lines
        #expect(
            lines.contains { $0.contains("rank 2 was stopped (T), as its neighbours saw it, and then running") },
            "\(lines)")
        #expect(lines.contains("  nothing is known of rank 1"), "\(lines)")
    }

    @Test("names the first collective that differs")
    func difference() {
        let odd = Self.upTo6.dropLast(2) + [Self.collective(5, elements: 10), Self.collective(6, elements: 20)]
        let records = [0, 1, 2].map { Self.record(Self.member($0, $0 == 1 ? Array(odd) : Self.upTo6)) }
        let text = FlightRecordReport(records).lines.joined(separator: "\n")
        #expect(
            text.contains(
                "#5 differs: ranks 0, 2 entered all-reduce (sum) of float32 [6400000]; rank 1 entered all-reduce (sum) of "
                    + "float32 [10]"), "\(text)")
    }

    @Test("names the rank that was late most often, and only then")
    func slowest() {
        let late = (1...6).map { Self.collective($0, late: 0.02) }
        let records = [0, 1, 2].map { Self.record(Self.member($0, $0 == 2 ? late : Self.upTo6)) }
        let text = FlightRecordReport(records).lines.joined(separator: "\n")
        #expect(
            text.contains("rank 2 was the last to enter 6 of 6 collectives, on average 20.0 ms after the first"),
            "\(text)")
        let alternating = [0, 1].map { rank in
            Self.record(
                Self.member(rank, (1...6).map { Self.collective($0, late: $0 % 2 == rank ? 0.02 : 0) }), worldSize: 2)
        }
        #expect(!FlightRecordReport(alternating).lines.contains { $0.contains("was the last to enter") })
    }

    @Test("shows the last collectives of each rank side by side, and each group by itself")
    func table() throws {
        var record = Self.record(Self.member(0, Self.upTo6), worldSize: 1)
        record.groups.append(
            FlightRecord.Group(
                name: "the group of ranks 0, 2", worldSize: 1, own: Self.member(0, [Self.collective(1, .entered)])))
        var report = FlightRecordReport([record])
        report.shownCollectives = 2
        let lines = report.lines
        #expect(lines.filter { $0.contains("all-reduce #") && $0.contains("+50.0 ms") }.count == 2, "\(lines)")
        #expect(lines.contains { $0.hasSuffix("0.000 waiting") }, "\(lines)")
        #expect(lines.contains("the group of ranks 0, 2, 1 ranks:"))
    }

    @Test("reads a run's folder, passes over what is no record, and says so where there is none")
    func folder() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let inner = folder.appendingPathComponent(FlightRecord.folderName)
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: FlightRecordError.self) { try FlightRecordReport(folder: folder.path) }

        let record = Self.record(Self.member(1, Self.upTo6))
        try record.encoded().write(to: inner.appendingPathComponent(FlightRecord.fileName(rank: 1)))
        try Data("no record".utf8).write(to: inner.appendingPathComponent(FlightRecord.fileName(rank: 0)))
        try Data().write(to: inner.appendingPathComponent("rank-01.json"))
        for path in [folder.path, inner.path] {
            let report = try FlightRecordReport(folder: path)
            #expect(report.records == [record])
            #expect(report.unreadable.count == 1)
            #expect(report.lines.contains { $0.contains("rank-0.json cannot be read") })
        }
    }

    @Test("no record at all is no group", arguments: [[FlightRecord]()])
    func empty(records: [FlightRecord]) {
        #expect(FlightRecordReport(records).lines.count == 1)
    }
}
