import Foundation
import Testing

@testable import Launching

@Suite("What ranks write")
struct LauncherOutputTests {
    @Test("is passed on in whole lines, with the rank in front, and none is lost")
    func lines() async throws {
        let (count, width) = (60, 3000)
        let run = try LaunchRun(["--nproc", "3", "lines", "\(count)", "\(width)"])
        #expect(try await run.end() == .exited(0))
        let text = String(repeating: "é", count: width)
        let output = try run.output().split(separator: "\n").map(String.init)
        for lines in [output, try run.diagnostics()] {
            #expect(lines.count == 2 * count)
            for rank in 1...2 {
                let expected = (0..<count).map { "[rank \(rank)] \(rank)/\($0) \(text)" }
                let isWhole = lines.filter { $0.hasPrefix("[rank \(rank)] ") } == expected
                #expect(isWhole, "rank \(rank)")
            }
        }
    }

    @Test("of rank 0 goes where the launcher's goes, as it is")
    func firstRank() async throws {
        let run = try LaunchRun(["--nproc", "1", "lines", "3", "2"])
        #expect(try await run.end() == .exited(0))
        #expect(try run.output() == "0/0 éé\n0/1 éé\n0/2 éé")
        #expect(try run.diagnostics() == ["0/0 éé", "0/1 éé", "0/2 éé"])
    }

    @Test("after its reader has gone is dropped, and the job goes on")
    func brokenPipe() async throws {
        // Rank 0 is quiet, since it writes there itself.
        let script = "test $RANK = 0 || for i in 1 2 3 4 5 6 7 8 9; do echo $i; echo $i >&2; done"
        let output = try Descriptor.pipe().writing
        let run = try LaunchRun(["--nproc", "2", "--foreign", "ok", "--", "-c", script], output: output)
        #expect(try await run.end() == .exited(0))
        #expect(try run.diagnostics() == (1...9).map { "[rank 1] \($0)" })
    }

    @Test("does not keep a job that is over when a process far away holds on to it")
    func heldPipe() async throws {
        let script = "test $RANK = 0 || { setsid sleep 1000 & echo done; }"
        let run = try LaunchRun(["--nproc", "2", "--foreign", "ok", "--", "-c", script])
        #expect(try await run.end() == .exited(0))
        #expect(try run.output() == "[rank 1] done\n")
    }

    @Test("that nobody takes does not keep a signal from ending the job")
    func blockedOutput() async throws {
        let pipe = try Descriptor.pipe()
        let script = "test $RANK = 0 && { echo ready >&2; exec sleep 1000; }; while :; do echo $RANK; done"
        let run = try LaunchRun(["--nproc", "2", "--foreign", "ok", "--", "-c", script], output: pipe.writing)
        try await waitUntil("a full pipe") {
            var request = pollfd(fd: pipe.writing.number, events: Int16(POLLOUT), revents: 0)
            return try run.diagnostics() == ["ready"] && poll(&request, 1, 0) == 0
        }
        run.send(SIGINT)
        #expect(try await run.end() == .exited(130))
        #expect(try run.diagnostics().last == "stopped by SIGINT (2)")
    }

    @Test("that nobody takes is waited for after the job, until a signal comes")
    func untakenOutput() async throws {
        let pipe = try Descriptor.pipe()
        // Less than a pipe holds, and with the rank in front of each line more.
        let script = "test $RANK = 0 || head -c 60000 /dev/zero | tr '\\0' '\\n'"
        let run = try LaunchRun(["--nproc", "2", "--foreign", "ok", "--", "-c", script], output: pipe.writing)
        try await waitUntil("a full pipe and the end of the ranks") {
            var request = pollfd(fd: pipe.writing.number, events: Int16(POLLOUT), revents: 0)
            return try poll(&request, 1, 0) == 0 && run.processes() == [run.pid]
        }
        run.send(SIGTERM)
        #expect(try await run.end() == .exited(0))
    }
}
