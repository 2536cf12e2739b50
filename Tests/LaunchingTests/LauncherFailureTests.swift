import Foundation
import Testing

@testable import Launching

@Suite("A launched job")
struct LauncherFailureTests {
    @Test("ends well and silently when its ranks do", arguments: ["1", "2", "5"])
    func completed(_ count: String) async throws {
        let run = try LaunchRun(["--nproc", count, "ok"])
        #expect(try await run.end() == .exited(0))
        #expect(try run.diagnostics() == [])
        #expect(try run.output() == "")
        #expect(try run.processes() == [])
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let code: Int32
        let cause: String
        let stopped: String
        /// What another rank has seen of it, as a line of its own.
        var seen: String?
        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test(
        "has the exit code of the rank that failed first, and names it last",
        arguments: [
            Failure(
                arguments: ["--nproc", "4", "fail", "3", "7"], code: 7,
                cause: "failed first: dataset index 5 out of range",
                stopped: "ranks 0, 1, 2 were stopped because rank 3 failed"),
            Failure(
                arguments: ["--nproc", "2", "fail", "0", "0"], code: 1,
                cause: "failed first: dataset index 5 out of range",
                stopped: "rank 1 was stopped because rank 0 failed"),
            Failure(
                arguments: ["--nproc", "4", "consequences", "2"], code: 3,
                cause: "failed first: dataset index 5 out of range",
                stopped: "ranks 0, 1, 3 were stopped because rank 2 failed", seen: "  connection reset by peer"),
            Failure(
                arguments: ["--nproc", "3", "kill", "1", "9"], code: 137,
                cause: "was killed by SIGKILL (9); often the out-of-memory killer",
                stopped: "ranks 0, 2 were stopped because rank 1 failed"),
            Failure(
                arguments: ["--nproc", "2", "kill", "0", "6"], code: 134, cause: "was killed by SIGABRT (6)",
                stopped: "rank 1 was stopped because rank 0 failed"),
            Failure(
                arguments: ["--nproc", "3", "leave", "2"], code: 1, cause: "ended before the others, without an error",
                stopped: "ranks 0, 1 were stopped because rank 2 failed"),
        ])
    func failure(_ failure: Failure) async throws {
        let run = try LaunchRun(failure.arguments)
        #expect(try await run.end() == .exited(failure.code))
        #expect(try run.processes() == [])
        let lines = try run.diagnostics().suffix(failure.seen == nil ? 2 : 3)
        #expect(lines.last == failure.stopped)
        if let seen = failure.seen { #expect(lines.dropLast().last == seen) }
        let named = failure.stopped.split(separator: " ").dropLast().last ?? ""
        #expect(lines.first?.hasPrefix("rank \(named) (pid ") == true)
        let line = try #require(lines.first).replacing(/(,)? at \d\d:\d\d:\d\d\.\d\d\d/, with: "")
        #expect(line != lines.first, "there is no time: \(line)")
        #expect(line.contains(", \(Machine.current.host)) \(failure.cause)"), "\(lines)")
    }

    @Test("of which all ranks are another's consequence is named after one of them")
    func onlyConsequences() async throws {
        let run = try LaunchRun(["--nproc", "3", "onlyConsequences"])
        #expect(try await run.end() == .exited(1))
        let lines = try run.diagnostics()
        #expect(lines.count == 2)
        #expect(lines.first?.contains(/\ failed first at [0-9:.]{12}: connection reset by peer$/) == true)
    }

    @Test("shows the last lines of a rank that exits without a message")
    func lastLines() async throws {
        let run = try LaunchRun(["--nproc", "3", "exit", "2", "5"])
        #expect(try await run.end() == .exited(5))
        let lines = try run.diagnostics()
        #expect(lines.filter { $0.hasPrefix("[rank 2] complaint ") }.count == 30)
        let report = lines.suffix(23)
        #expect(
            report.first?.contains(/\ failed first at [0-9:.]{12}: it exited with code 5, without a message$/) == true)
        #expect(report.dropFirst().first == "rank 2's last lines on standard error:")
        #expect(Array(report.dropFirst(2).dropLast()) == (11...30).map { "  complaint \($0)" })
        #expect(report.last == "ranks 0, 1 were stopped because rank 2 failed")
    }

    @Test("tells how much memory a rank had that was killed", arguments: [0, 1])
    func peakMemory(_ rank: Int) async throws {
        let run = try LaunchRun(["--nproc", "2", "kill", "\(rank)", "9", "300"])
        #expect(try await run.end() == .exited(137))
        let line = try #require(try run.diagnostics().first { $0.contains("SIGKILL") })
        let match = try #require(try /rank (\d)'s peak was (\d+) MB of [0-9.]+ GB$/.firstMatch(in: line), "\(line)")
        let peak = try #require(Int(match.2))
        #expect(match.1 == "\(rank)" && peak >= 300 && peak < 600)
    }

    @Test("may be of foreign programs, which are judged by their exit alone")
    func foreign() async throws {
        let well = try LaunchRun([
            "--nproc", "3", "--foreign", "ok", "--", "-c", "test $RANK = 2 || exit 0; while test $RANK = 3; do :; done",
        ])
        #expect(try await well.end() == .exited(0))
        #expect(try well.diagnostics() == [])
        let badly = try LaunchRun([
            "--nproc", "3", "--foreign", "ok", "--", "-c",
            "echo hello >&3; test $RANK = 1 && { echo no >&2; exit 9; }; exec sleep 1000",
        ])
        #expect(try await badly.end() == .exited(9))
        let lines = try badly.diagnostics()
        #expect(Array(lines.suffix(2)) == ["  no", "ranks 0, 2 were stopped because rank 1 failed"])
        let notice = "its control channel is ignored from now on: \"hello\" is no RankMessage"
        #expect(lines.contains { $0.contains(notice) })
        try await badly.nobodyLeft()
    }

    @Test("succeeds 20 times at once")
    func manyAtOnce() async throws {
        let runs = try (0..<20).map { _ in try LaunchRun(["--nproc", "2", "describe"]) }
        for run in runs {
            #expect(try await run.end() == .exited(0))
            #expect(try run.diagnostics() == [])
            #expect(try run.output().split(separator: "\n").count == 2)
        }
    }

    @Test("that cannot be started whole leaves nothing running")
    func halfStarted() async throws {
        // Enough descriptors for some of the ranks only.
        let run = try LaunchRun([
            "--nproc", "100", "--descriptors", "64", "--foreign", "ok", "--", "-c", "exec sleep 1000",
        ])
        #expect(try await run.end() == .exited(64))
        #expect(try run.diagnostics().last?.contains("Raise the limit on open files") == true)
        #expect(try run.processes() == [])
    }
}
