import Foundation
import LockstepTesting
import Testing

@testable import Tracking

@Suite("metrics.csv is a table of the metrics")
struct CSVTrackerTests {
    private static func point(_ record: MetricsRecord) -> TrackedPoint { TrackedPoint(record, time: 0, step: 0) }

    /// The rows as Python's csv module reads them.
    private func rows(_ path: String) throws -> [[String]] {
        let script = """
            import csv, json, sys
            with open(sys.argv[1], newline="") as file: print(json.dumps(list(csv.reader(file))))
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode([[String]].self, from: text)
    }

    @Test("a record is a row, and numbers read back as they were")
    func values() throws {
        let folder = try TrackingFolder()
        var tracker = CSVTracker()
        try tracker.start(.test(folder.path))
        try tracker.log([
            Self.point(["step": 1, "loss": .single(0.1), "seconds": 0.1]),
            Self.point(["step": 2, "loss": .number(.nan), "seconds": .number(.infinity)]),
            Self.point(["step": 3, "loss": .single(-.infinity)]),
        ])
        tracker.finish(.finished)
        #expect(
            try folder.text("metrics.csv") == """
                step,loss,seconds
                1,0.100000001,0.1
                2,nan,inf
                3,-inf,

                """)
    }

    @Test("a name that occurs later becomes a column, and texts with commas, quotes and line feeds stay whole")
    func columns() throws {
        let folder = try TrackingFolder()
        var tracker = CSVTracker()
        try tracker.start(.test(folder.path))
        try tracker.log([Self.point(["step": 1, "note, \"a\"": "x,\n\"y\""])])
        try tracker.log([Self.point(["step": 1, "accuracy": 0.5]), Self.point(["flag": true, "list": [1, 2]])])
        try tracker.log([Self.point(["step": 2])])
        #expect(
            try rows(folder.file("metrics.csv")) == [
                ["step", "note, \"a\"", "accuracy", "flag", "list"], ["1", "x,\n\"y\"", "", "", ""],
                ["1", "", "0.5", "", ""], ["", "", "", "true", "[1,2]"], ["2", "", "", "", ""],
            ])
        #expect(try folder.names == ["metrics.csv"])
    }

    @Test("a resumed run has one row a step", arguments: [0, 1, 50, 99, 100, 200])
    func resumed(_ step: Int) throws {
        let folder = try TrackingFolder()
        var first = CSVTracker()
        try first.start(.test(folder.path))
        try first.log(steps: 1...100)
        var second = CSVTracker()
        try second.start(.test(folder.path, after: step))
        try second.log(steps: min(step, 100) + 1...150) { Double(-$0) }
        let rows = try rows(folder.file("metrics.csv"))
        #expect(rows[0] == ["step", "epoch", "loss", "seconds"])
        #expect(rows.dropFirst().map { $0[0] } == (1...150).map(String.init))
        #expect(rows.dropFirst().map { $0[2].hasPrefix("-") } == (1...150).map { $0 > min(step, 100) })
    }

    @Test("a run that goes back replaces the later rows, and a new column after it is fine")
    func back() throws {
        let folder = try TrackingFolder()
        var tracker = CSVTracker()
        try tracker.start(.test(folder.path))
        try tracker.log(steps: 1...10)
        try tracker.goBack(to: 7)
        try tracker.log([Self.point(["step": 8, "note": "again"])])
        let rows = try rows(folder.file("metrics.csv"))
        #expect(rows.dropFirst().map { $0[0] } == (1...8).map(String.init))
        #expect(rows.last == ["8", "", "", "", "again"])
    }

    @Test("a row that was cut off is removed by the run that goes on", arguments: [1, 5, 10])
    func cut(_ missing: Int) throws {
        let folder = try TrackingFolder()
        var first = CSVTracker()
        try first.start(.test(folder.path))
        try first.log(steps: 1...3)
        let text = try folder.text("metrics.csv")
        _ = try folder.place(String(text.dropLast(missing)), as: "metrics.csv")
        var second = CSVTracker()
        try second.start(.test(folder.path, after: 3))
        try second.log(steps: 4...4)
        #expect(try rows(folder.file("metrics.csv")).dropFirst().map { $0[0] } == ["1", "2", "4"])
    }

    @Test("a full disk is an error that says so")
    func fullDisk() async {
        await #expect(processExitsWith: .success) {
            let folder = try TrackingFolder()
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 60, rlim_max: rlim_t.max)
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
            var tracker = CSVTracker()
            try tracker.start(.test(folder.path))
            try tracker.log(steps: 1...2)
            do {
                try tracker.log(steps: 3...5)
                exit(3)
            } catch is TrackingError {}
            limit.rlim_cur = limit.rlim_max
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(4) }
            try tracker.log(steps: 3...5)
            let lines = try folder.text("metrics.csv").split(separator: "\n").dropFirst()
            guard lines.map({ $0.prefix(1) }) == ["1", "2", "3", "4", "5"] else { exit(5) }
        }
    }
}
