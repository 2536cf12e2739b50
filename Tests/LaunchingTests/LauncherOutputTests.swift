import Foundation
import Testing

@testable import Launching

@Suite("What ranks write")
struct LauncherOutputTests {
    @Test(
        "is passed on in whole lines, with the rank in front but for rank 0, and none is lost",
        arguments: [(60, 3000), (4, 50_000), (5000, 1)], [false, true])
    func lines(_ size: (count: Int, width: Int), isOneFile: Bool) async throws {
        let (count, width) = size
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-test-\(UUID())").path
        let file = try Descriptor(taking: open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let run = try LaunchRun(
            ["--nproc", "4", "lines", "\(count)", "\(width)"],
            inherited: isOneFile ? [(file, STDOUT_FILENO), (file, STDERR_FILENO)] : [])
        #expect(try await run.end() == .exited(0))
        let text = String(repeating: "é", count: width)
        let output = try run.output().split(separator: "\n").map(String.init)
        let merged = try String(contentsOfFile: path, encoding: .utf8)
            .split(separator: "\n").map(String.init)
        for lines in isOneFile ? [merged] : [output, try run.diagnostics()] {
            let copies = isOneFile ? 2 : 1
            #expect(lines.count == 4 * count * copies)
            for rank in 0..<4 {
                let start = rank == 0 ? "0/" : "[rank \(rank)] "
                let expected = (0..<count).map { "\(rank == 0 ? "" : start)\(rank)/\($0) \(text)" }
                let found = lines.filter { $0.hasPrefix(start) }
                // Two streams of a rank keep their own order only.
                let isWhole = isOneFile ? found.sorted() == (expected + expected).sorted() : found == expected
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

    @Test("is one line for each time that a rank other than 0 goes back to a line's start, and for rank 0 as it is")
    func carriageReturns() async throws {
        let script = "printf '\\r1 %%\\r2 %%\\r\\nend\\r\\n'"
        let run = try LaunchRun(["--nproc", "2", "--foreign", "ok", "--", "-c", script])
        #expect(try await run.end() == .exited(0))
        let output = try run.output()
        #expect(output.replacing("\r1 %\r2 %\r\nend\r\n", with: "") == "[rank 1] 1 %\n[rank 1] 2 %\n[rank 1] end\n")
        #expect(output.contains("\r1 %\r2 %\r\nend\r\n"))
    }

    @Test("after its reader has gone is dropped, and the job goes on")
    func brokenPipe() async throws {
        let script = "for i in 1 2 3 4 5 6 7 8 9; do echo $i; echo $i >&2; done"
        let output = try Descriptor.pipe().writing
        let run = try LaunchRun(["--nproc", "2", "--foreign", "ok", "--", "-c", script], output: output)
        #expect(try await run.end() == .exited(0))
        #expect(try run.diagnostics().sorted() == ((1...9).map { "[rank 1] \($0)" } + (1...9).map { "\($0)" }).sorted())
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
        let script = "test $RANK = 0 && exec sleep 1000; while :; do echo $RANK; done"
        let run = try LaunchRun(["--nproc", "2", "--foreign", "ok", "--", "-c", script], output: pipe.writing)
        try await waitUntil("a full pipe") {
            var request = pollfd(fd: pipe.writing.number, events: Int16(POLLOUT), revents: 0)
            return try run.processes().count == 3 && poll(&request, 1, 0) == 0
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
