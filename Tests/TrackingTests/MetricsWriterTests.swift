import Foundation
import Synchronization
import Testing

@testable import Tracking

@Suite("Metrics are written line by line")
struct MetricsWriterTests {
    /// Opens a writer for which a failure is a failure of the test.
    private func writer(_ path: String) throws -> MetricsWriter {
        try MetricsWriter(path) { Issue.record("\($0)") }
    }

    @Test("records become lines in their order")
    func lines() throws {
        let folder = try TrackingFolder()
        let metrics = try writer(folder.file("metrics.jsonl"))
        metrics.write(["step": 1, "loss": .single(0.1)])
        metrics.write(["step": 2, "loss": 0.1, "name": "größe"])
        #expect(try folder.text("metrics.jsonl").isEmpty, "lines are gathered")
        try metrics.flush()
        metrics.write([:])
        try metrics.close()
        try metrics.close()
        #expect(
            try folder.text("metrics.jsonl") == """
                {"step":1,"loss":0.100000001}
                {"step":2,"loss":0.1,"name":"größe"}
                {}

                """)
    }

    @Test("lines go out on their own, after a while or when there are many", arguments: [1, 5000])
    func onTheirOwn(_ count: Int) async throws {
        let folder = try TrackingFolder()
        let metrics = try writer(folder.file("metrics.jsonl"))
        for step in 0..<count { metrics.write(["step": .integer(step), "loss": 0.25]) }
        while try folder.text("metrics.jsonl").isEmpty { await Task.yield() }
        #expect(try folder.text("metrics.jsonl").hasSuffix("\n"))
        try metrics.close()
        #expect(try folder.text("metrics.jsonl").split(separator: "\n").count == count)
    }

    @Test("a writer that is let go writes what it has")
    func letGo() throws {
        let folder = try TrackingFolder()
        do { try writer(folder.file("metrics.jsonl")).write(["step": 1]) }
        #expect(try folder.text("metrics.jsonl") == "{\"step\":1}\n")
    }

    @Test(
        "opening removes a last line that was not finished, and appends",
        arguments: [
            ("", "", 0), ("{\"a\":1}\n", "{\"a\":1}\n", 0), ("{\"a\":1}\n{\"b", "{\"a\":1}\n", 3), ("{\"a", "", 3),
            ("\n", "\n", 0), ("x\n" + String(repeating: "y", count: 200_000), "x\n", 200_000),
            (String(repeating: "y", count: 70_000), "", 70_000),
        ])
    func torn(_ before: String, _ kept: String, _ removed: Int) throws {
        let folder = try TrackingFolder()
        let metrics = try writer(folder.place(before, as: "metrics.jsonl"))
        #expect(metrics.removedBytes == removed)
        metrics.write(["new": true])
        try metrics.close()
        #expect(try folder.text("metrics.jsonl") == kept + "{\"new\":true}\n")
    }

    @Test("writers on many threads lose nothing, and each one's lines stay in order")
    func concurrent() async throws {
        let folder = try TrackingFolder()
        let metrics = try writer(folder.file("metrics.jsonl"))
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<2000 {
                        metrics.write(["task": .integer(task), "step": .integer(step)])
                        if step % 500 == 0 { try? metrics.flush() }
                    }
                }
            }
        }
        try metrics.close()
        var next = [Int](repeating: 0, count: 8)
        for line in try folder.text("metrics.jsonl").split(separator: "\n") {
            let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
            try #require(numbers.count == 2, "\(line)")
            try #require(numbers[1] == next[numbers[0]], "\(line)")
            next[numbers[0]] += 1
        }
        #expect(next == [Int](repeating: 2000, count: 8))
    }

    @Test("a second writer of the same file is refused, and comes in when the first has closed")
    func secondWriter() throws {
        let folder = try TrackingFolder()
        let first = try writer(folder.file("metrics.jsonl"))
        let error = try #require(throws: TrackingError.self) { try writer(folder.file("metrics.jsonl")) }
        #expect(error.code == .fileInUse)
        try first.close()
        try writer(folder.file("metrics.jsonl")).close()
    }

    @Test("a full disk is reported once, and the lost lines are counted at the end")
    func fullDisk() throws {
        let reported = Mutex<[TrackingError]>([])
        let metrics = try MetricsWriter("/dev/full") { error in reported.withLock { $0.append(error) } }
        for step in 0..<3 {
            metrics.write(["step": .integer(step)])
            #expect(throws: TrackingError.self) { try metrics.flush() }
        }
        let error = try #require(throws: TrackingError.self) { try metrics.close() }
        #expect(error.code == .diskFull)
        #expect(error.message.contains("3 lines"))
        #expect(error.message.contains("/dev/full"))
        #expect(reported.withLock { $0.map(\.code) } == [.diskFull])
    }

    @Test("lines that a size limit stopped are completed when there is room again")
    func roomAgain() async {
        await #expect(processExitsWith: .success) {
            let folder = try TrackingFolder()
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 15, rlim_max: rlim_t.max)
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
            let reports = Mutex(0)
            let metrics = try MetricsWriter(folder.file("metrics.jsonl")) { _ in reports.withLock { $0 += 1 } }
            metrics.write(["step": 1])
            metrics.write(["step": 2])
            do {
                try metrics.flush()
                exit(3)
            } catch is TrackingError {}
            guard try folder.text("metrics.jsonl") == "{\"step\":1}\n{\"st" else { exit(4) }
            limit.rlim_cur = limit.rlim_max
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(5) }
            metrics.write(["step": 3])
            try metrics.close()
            guard try folder.text("metrics.jsonl") == "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n" else { exit(6) }
            guard reports.withLock({ $0 }) == 1 else { exit(7) }
        }
    }

    @Test("a record after the end is reported, not lost in silence")
    func afterClose() throws {
        let folder = try TrackingFolder()
        let reported = Mutex<[TrackingError.Code]>([])
        let metrics = try MetricsWriter(folder.file("metrics.jsonl")) { error in
            reported.withLock { $0.append(error.code) }
        }
        try metrics.close()
        metrics.write(["late": true])
        #expect(reported.withLock { $0 } == [.closed])
        #expect(throws: TrackingError.self) { try metrics.flush() }
    }

    @Test("a process that is killed leaves whole lines")
    func killed() async throws {
        let folder = try TrackingFolder()
        let path = folder.file("metrics.jsonl")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let metrics = try MetricsWriter(path) { _ in exit(3) }
            for step in 0..<20_000 { metrics.write(["step": .integer(step), "loss": 0.125]) }
            try metrics.flush()
            metrics.write(["step": -1])
            kill(getpid(), SIGKILL)
        }
        let text = try folder.text("metrics.jsonl")
        let lines = text.split(separator: "\n")
        #expect(text.hasSuffix("\n"))
        try #require(lines.count >= 20_000)
        #expect(lines[19_999] == "{\"step\":19999,\"loss\":0.125}")
        // The writer's own thread may have been faster than the signal.
        #expect([[], ["{\"step\":-1}"]].contains(lines[20_000...]))
    }

    @Test("a folder that is missing is named, with the next step")
    func missingFolder() throws {
        let folder = try TrackingFolder()
        let error = try #require(throws: TrackingError.self) { try writer(folder.file("missing/metrics.jsonl")) }
        #expect(error.code == .fileUnwritable)
        #expect(error.message.contains(folder.file("missing/metrics.jsonl")))
        #expect(error.message.contains("create the folder first"))
    }
}
