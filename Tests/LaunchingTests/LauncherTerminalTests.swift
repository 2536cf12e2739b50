import Foundation
import Testing

@testable import Launching

@Suite("A launcher on a terminal")
struct LauncherTerminalTests {
    /// A terminal and what has been written to it.
    private final class Screen {
        let (reading, writing): (Descriptor, Descriptor)
        private var bytes: [UInt8] = []

        init(rows: UInt16, columns: UInt16) throws {
            (reading, writing) = try PseudoTerminal.pair()
            reading.setNonblocking()
            resize(rows: rows, columns: columns)
        }

        func resize(rows: UInt16, columns: UInt16) {
            var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
            #expect(ioctl(reading.number, UInt(TIOCSWINSZ), &size) == 0)
        }

        var text: String {
            var block = [UInt8](repeating: 0, count: 1 << 12)
            while case let count = read(reading.number, &block, block.count), count > 0 { bytes += block[..<count] }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// For both standard streams of a launcher.
        var streams: [(Descriptor, Int32)] { [(writing, STDOUT_FILENO), (writing, STDERR_FILENO)] }
    }

    @Test("gives rank 0 one of the same size, and puts others' lines above what rank 0 is drawing")
    func size() async throws {
        let screen = try Screen(rows: 7, columns: 33)
        let script = """
            cd $LAUNCH_FOLDER
            await() { until test -e $1; do sleep 0.01; done; }
            if test $RANK = 1; then await drawn; echo hello; test -t 1 && echo terminal; await never; fi
            stty size <&1
            printf '\\r1 %%' >&2
            touch drawn
            until stty size <&2 | grep -q '^9 44$'; do sleep 0.01; done
            printf '\\r2 %%\\n' >&2
            exit 3
            """
        let run = try LaunchRun(
            ["--nproc", "2", "--foreign", "--log-directory"], foreign: script, inherited: screen.streams
        ) { $0 + "/logs" }
        let drawn = "7 33\n\r1 %\r\u{1B}[K[rank 1] hello\n\r1 %"
        try await waitUntil("another's line above the bar") { screen.text == drawn }
        screen.resize(rows: 9, columns: 44)
        run.send(SIGWINCH)
        #expect(try await run.end() == .exited(3))
        let lines = screen.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(screen.text.hasPrefix("\(drawn)\r2 %\n"))
        #expect(lines[3].hasPrefix("rank 0 (pid "))
        #expect(
            Array(lines[4...]) == [
                "rank 0's last lines on the terminal:", "  7 33", "  2 %", "rank 1 was stopped because rank 0 failed",
                "all output of the ranks is in \(run.folder)/logs", "",
            ])
        #expect(try String(contentsOfFile: run.folder + "/logs/rank-0.out", encoding: .utf8) == "7 33\n\r1 %\r2 %\n")
    }

    @Test("begins the report on a line of its own")
    func report() async throws {
        let screen = try Screen(rows: 7, columns: 33)
        let script = "printf 'half a line' >&2; exit 3"
        let run = try LaunchRun(["--nproc", "1", "--foreign", "ok", "--", "-c", script], inherited: screen.streams)
        #expect(try await run.end() == .exited(3))
        #expect(screen.text.hasPrefix("half a line\nrank 0 (pid "))
    }

    @Test("gives rank 0 only those streams as terminals that are some", arguments: [STDOUT_FILENO, STDERR_FILENO])
    func oneStream(_ stream: Int32) async throws {
        let screen = try Screen(rows: 7, columns: 33)
        let script = "test -t \(stream) && ! test -t \(3 - stream) && printf a >&\(stream) && printf b >&\(3 - stream)"
        let run = try LaunchRun(
            ["--nproc", "1", "--foreign", "ok", "--", "-c", script], inherited: [(screen.writing, stream)])
        #expect(try await run.end() == .exited(0))
        #expect(screen.text == "a")
        #expect(try (stream == STDOUT_FILENO ? run.diagnostics() : [run.output()]) == ["b"])
    }
}
