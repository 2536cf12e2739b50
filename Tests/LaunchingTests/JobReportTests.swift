import Foundation
import Testing

@testable import Launching

@Suite("The last lines of a job")
struct JobReportTests {
    private func lines(
        _ ending: JobOutcome.Ending, stopped: [Int] = [], abandoned: [Int] = [], last: [Int: [String]] = [:],
        logs: String? = nil, memory: Int? = 23_000_000_000, nodes: [String] = [],
        change: (inout RankAccount) -> Void = { _ in }
    ) -> [String] {
        let outcome = JobOutcome(ending: ending, exitCode: 1, stoppedRanks: stopped, abandonedRanks: abandoned)
        var ranks: [Int: RankAccount] = [:]
        for rank in 0..<12 {
            var account = RankAccount(
                pid: Int32(4700 + rank), machine: Machine(host: "host", memory: memory), failureTime: Self.time,
                endTime: Self.time + 1, peakMemory: 21_345_678_901, lastLines: last[rank] ?? [], logs: logs)
            change(&account)
            ranks[rank] = account
        }
        return JobReport.lines(for: outcome, ranks, nodes: nodes, logs: logs)
    }

    private static let time = Date(timeIntervalSince1970: 1_800_000_001.25)

    /// The time as another formatter writes it.
    private static func text(_ time: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "HH:mm:ss.SSS"
        return formatter.string(from: time)
    }

    @Test("are none when it ended well")
    func completed() {
        #expect(lines(.completed, last: [1: ["a"]], logs: "/logs") == [])
    }

    @Test("name the rank, its process and host, when it reported what, its last lines, who was stopped, and the logs")
    func reported() {
        let all = lines(
            .failed(rank: 3, cause: .reported("dataset index 5 out of range")), stopped: [0, 1, 2],
            last: [3: ["x", "y"], 1: ["no"]], logs: "/logs")
        #expect(
            all == [
                "rank 3 (pid 4703, host) failed first at \(Self.text(Self.time)): dataset index 5 out of range",
                "rank 3's last lines on standard error:", "  x", "  y",
                "ranks 0, 1, 2 were stopped because rank 3 failed", "all output of the ranks is in /logs",
            ])
    }

    static let end = text(time + 1)

    @Test(
        "say how and when a rank ended that reported nothing",
        arguments: [
            (
                JobOutcome.FailureCause.killed(signal: 9),
                "was killed by SIGKILL (9) at \(end); often the out-of-memory killer: "
                    + "rank 2's peak was 21.3 GB of 23 GB"
            ),
            (.killed(signal: 11), "was killed by SIGSEGV (11) at \(end)"),
            (.killed(signal: 40), "was killed by signal 40 at \(end)"),
            (.exited(code: 7), "failed first at \(end): it exited with code 7, without a message"),
            (.endedEarly, "ended before the others, without an error, at \(end)"),
        ])
    func silent(_ cause: JobOutcome.FailureCause, _ text: String) {
        #expect(lines(.failed(rank: 2, cause: cause)) == ["rank 2 (pid 4702, host) \(text)"])
        #expect(
            lines(.failed(rank: 2, cause: cause), last: [1: ["no"], 2: ["a", "b"]])
                == ["rank 2 (pid 4702, host) \(text)", "rank 2's last lines on standard error:", "  a", "  b"])
    }

    @Test("leave out what is not known")
    func unknown() {
        let cause = JobOutcome.Ending.failed(rank: 2, cause: .killed(signal: 9))
        let killed = "rank 2 (pid 4702, host) was killed by SIGKILL (9)"
        let bare = lines(cause) { ($0.endTime, $0.peakMemory) = (nil, nil) }
        #expect(bare == ["\(killed); often the out-of-memory killer"])
        let alone = lines(cause, memory: nil) { ($0.endTime, $0.peakMemory) = (nil, 999_999_999) }
        #expect(alone == ["\(killed); often the out-of-memory killer: rank 2's peak was 999 MB"])
        let early = lines(.failed(rank: 2, cause: .endedEarly)) { $0.endTime = nil }
        #expect(early == ["rank 2 (pid 4702, host) ended before the others, without an error"])
    }

    @Test("name ranks in the singular, and long runs by their ends")
    func names() {
        let cause = JobOutcome.Ending.failed(rank: 11, cause: .reported("no"))
        #expect(lines(cause, stopped: [4]).last == "rank 4 was stopped because rank 11 failed")
        #expect(
            lines(cause, stopped: [0, 1, 2, 3, 5, 6, 8]).last
                == "ranks 0 to 3, 5, 6, 8 were stopped because rank 11 failed")
    }

    @Test("name the machine that failed, and that of a rank whose output is elsewhere")
    func machines() {
        let nodes = ["node 0 (a)", "node 1 (b)"]
        #expect(
            lines(
                .nodeFailed(1, reason: "its launcher is lost: it closed the connection"), stopped: [0, 1], nodes: nodes)
                == [
                    "node 1 (b) failed first: its launcher is lost: it closed the connection",
                    "ranks 0, 1 were stopped because node 1 failed",
                ])
        #expect(lines(.interrupted(signal: 15, node: 1), nodes: nodes) == ["stopped by SIGTERM (15) at node 1 (b)"])
        let elsewhere = lines(.failed(rank: 2, cause: .exited(code: 7)), logs: "/here", nodes: nodes) {
            $0.logs = "/there"
        }
        #expect(
            elsewhere.suffix(2) == [
                "all output of rank 2 is in /there on host", "each machine has all output of its ranks in /here",
            ])
    }

    @Test("name a rank of which nothing else is known")
    func unheardOf() {
        let outcome = JobOutcome(
            ending: .failed(rank: 1, cause: .reported("no")), exitCode: 1, stoppedRanks: [], abandonedRanks: [3])
        #expect(
            JobReport.lines(for: outcome, [:])
                == [
                    "rank 1 failed first: no", "left behind, since SIGKILL did not end it within seconds: rank 3",
                ])
    }

    @Test("name a process that could not be killed")
    func abandoned() {
        #expect(
            lines(.interrupted(signal: 2), stopped: [0, 1], abandoned: [1]) == [
                "stopped by SIGINT (2)", "left behind, since SIGKILL did not end it within seconds: rank 1 (pid 4701)",
            ])
    }

    @Test("are at most 25, and none but a path is endless", arguments: [1, 3, 18, 19, 20, 21, 50])
    func length(_ count: Int) {
        let text = Array(repeating: String(repeating: "x", count: 1000), count: 50)
        let path = "/" + String(repeating: "l", count: 1000)
        for cause in [JobOutcome.FailureCause.reported(text[..<count].joined(separator: "\n")), .exited(code: 1)] {
            for logs in [nil, path] {
                let all = lines(
                    .failed(rank: 2, cause: cause), stopped: [0, 1], abandoned: [1], last: [2: text], logs: logs)
                #expect(all.count <= 25 && all.count > 20, "\(all.count)")
                #expect(all.last == path || all.last?.hasSuffix(path) == (logs != nil))
                #expect((logs == nil ? all : all.dropLast()).allSatisfy { $0.count <= 401 })
            }
        }
    }

    @Test(
        "tell the machine's memory, or what its control group may take",
        arguments: [
            ("MemTotal:       22461234 kB\nMemFree: 1 kB\n", "max\n", 22_461_234 * 1024),
            ("MemTotal: 22461234 kB", "1073741824\n", 1_073_741_824), ("MemTotal: 4 kB", "1073741824", 4096),
            ("", "", nil), ("MemFree: 4 kB", "", nil),
        ] as [(String, String, Int?)])
    func memory(_ information: String, _ limit: String, _ expected: Int?) {
        #expect(Machine.memory(information: information, limit: limit) == expected)
    }
}
