import Foundation
import Synchronization
import Testing

@testable import Tracking

@Suite("Progress is shown on terminals and in files")
struct ProgressDisplayTests {
    /// A clock that tests set.
    final class Clock: Sendable {
        private let time = Mutex<UInt64>(1_000_000_000)

        var now: UInt64 { time.withLock { $0 } }

        func pass(seconds: Double) { time.withLock { $0 += UInt64(seconds * 1e9) } }
    }

    private static let unicode = ["TERM": "xterm", "LANG": "C.UTF-8"]

    private func display(
        _ descriptor: Int32, _ clock: Clock, _ environment: [String: String] = unicode
    ) -> ProgressDisplay {
        ProgressDisplay(descriptor: descriptor, environment: environment, now: { clock.now })
    }

    @Test("off a terminal there is a plain line every ten seconds and one at the end")
    func plainLines() throws {
        let pipe = Pipe()
        let clock = Clock()
        let display = display(pipe.fileHandleForWriting.fileDescriptor, clock)
        display.begin("Epoch 1/5", total: 100)
        for _ in 0..<100 {
            clock.pass(seconds: 0.25)
            display.advance(loss: 0.5)
        }
        display.finish()
        display.finish()
        #expect(
            try pipe.textWritten() == """
                Epoch 1/5  40% 40/100 [00:10<00:15, 4.0 steps/s, loss 0.5]
                Epoch 1/5  80% 80/100 [00:20<00:05, 4.0 steps/s, loss 0.5]
                Epoch 1/5 100% 100/100 [00:25<00:00, 4.0 steps/s, loss 0.5]

                """)
    }

    @Test("printed text stands between plain lines")
    func plainPrint() throws {
        let pipe = Pipe()
        let clock = Clock()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        let display = display(descriptor, clock)
        display.begin("Work", total: 2)
        display.print("accuracy 0.9", descriptor: descriptor)
        clock.pass(seconds: 10)
        display.advance(by: 2)
        display.finish()
        #expect(try pipe.textWritten() == "accuracy 0.9\nWork 100% 2/2 [00:10<00:00, 5.00 s/step]\n")
    }

    @Test("on a terminal one line is redrawn in place, at most ten times a second")
    func terminal() throws {
        let terminal = try PseudoTerminal(columns: 60)
        let clock = Clock()
        let display = display(terminal.descriptor, clock)
        display.begin("Epoch 1/5", total: 1000)
        for _ in 0..<1000 {
            clock.pass(seconds: 0.001)
            display.advance()
        }
        display.finish()
        let text = try terminal.textWritten()
        // At the beginning, then each tenth of a second, then at the end.
        #expect(text.split(separator: "\r", omittingEmptySubsequences: true).count == 1 + 10 + 1)
        #expect(text.hasPrefix("\rEpoch 1/5   0%|"))
        #expect(text.hasSuffix("\u{1B}[K\n"))
        #expect(text.filter { $0 == "\n" }.count == 1)
        #expect(text.contains("1000/1000 [00:01<00:00, 1000 steps/s]"))
        for line in lines(text) { #expect(DisplayText(line).width <= 59, "\(line)") }
    }

    @Test("printed text appears above the bar, which is cleared before and drawn again behind")
    func printAbove() throws {
        let terminal = try PseudoTerminal(columns: 40)
        let display = display(terminal.descriptor, Clock())
        display.begin("Work", total: 4)
        display.advance()
        display.print("accuracy 0.9", descriptor: terminal.descriptor)
        display.finish()
        display.print("done", descriptor: terminal.descriptor)
        let parts = try terminal.textWritten().split(separator: "\r\u{1B}[Kaccuracy 0.9\n\r")
        #expect(parts.count == 2)
        #expect(parts.first?.hasPrefix("\rWork   0%") == true)
        #expect(parts.last?.hasPrefix("Work  25%") == true)
        #expect(parts.last?.hasSuffix("\u{1B}[K\ndone\n") == true)
    }

    @Test("the line follows the window's width")
    func resized() throws {
        let terminal = try PseudoTerminal(columns: 120)
        let clock = Clock()
        let display = display(terminal.descriptor, clock)
        display.begin("Epoch 1/5", total: 1000)
        try terminal.resize(columns: 30)
        clock.pass(seconds: 1)
        display.advance()
        let drawn = lines(try terminal.textWritten())
        #expect(drawn.count == 2)
        #expect(DisplayText(drawn[0]).width > 60)
        #expect(DisplayText(drawn[1]).width <= 29)
    }

    @Test(
        "colour and blocks depend on the environment",
        arguments: [
            (["TERM": "xterm", "LANG": "de_DE.UTF-8"], true, true),
            (["TERM": "xterm", "LANG": "de_DE.UTF-8", "NO_COLOR": "1"], false, true),
            (["TERM": "xterm", "LANG": "de_DE.UTF-8", "NO_COLOR": ""], true, true),
            (["TERM": "xterm", "LANG": "de_DE.UTF-8", "LC_ALL": "C"], true, false),
            (["TERM": "xterm"], true, false),
        ])
    func environment(_ environment: [String: String], _ color: Bool, _ unicode: Bool) throws {
        let terminal = try PseudoTerminal(columns: 100)
        let display = display(terminal.descriptor, Clock(), environment)
        display.begin("Work", total: 2, startingAt: 1)
        let text = try terminal.textWritten()
        #expect(text.contains("\u{1B}[36m") == color)
        #expect(text.contains("█") == unicode)
        #expect(text.contains("#") == !unicode)
    }

    @Test("a dumb terminal gets plain lines")
    func dumb() throws {
        let terminal = try PseudoTerminal(columns: 80)
        let display = display(terminal.descriptor, Clock(), ["TERM": "dumb"])
        display.begin("Work", total: 1)
        display.advance()
        display.finish()
        #expect(try terminal.textWritten() == "Work 100% 1/1 [00:00<00:00]\n")
    }

    @Test("after a resumption the count goes on, and the speed counts new steps alone")
    func resumed() throws {
        let pipe = Pipe()
        let clock = Clock()
        let display = display(pipe.fileHandleForWriting.fileDescriptor, clock)
        display.begin("Epoch 3/5", total: 1875, startingAt: 1775)
        clock.pass(seconds: 10)
        display.advance(by: 50)
        display.finish()
        #expect(try pipe.textWritten() == "Epoch 3/5  97% 1825/1875 [00:10<00:10, 5.0 steps/s]\n")
    }

    @Test("new work finishes what was under way, and a display that is let go ends its line")
    func nextWork() throws {
        let terminal = try PseudoTerminal(columns: 60)
        do {
            let display = display(terminal.descriptor, Clock())
            display.begin("one", total: 1)
            display.begin("two", total: 1)
        }
        let text = try terminal.textWritten()
        #expect(text.filter { $0 == "\n" }.count == 2)
        #expect(text.hasSuffix("\n"))
    }

    @Test("an output that has gone stops the drawing and is remembered")
    func outputGone() throws {
        let descriptor = open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let display = display(descriptor, Clock())
        display.begin("Work", total: 1)
        #expect(display.failure == nil)
        display.finish()
        #expect(display.failure?.code == .diskFull)
    }

    @Test("threads may count together")
    func threads() async throws {
        let pipe = Pipe()
        let display = display(pipe.fileHandleForWriting.fileDescriptor, Clock())
        display.begin("Work", total: 8000)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { display.advance() } } }
        }
        display.finish()
        #expect(try pipe.textWritten().hasPrefix("Work 100% 8000/8000"))
    }

    /// The lines that were drawn in place, without escape codes.
    private func lines(_ text: String) -> [String] {
        text.replacing("\u{1B}[K", with: "").replacing("\u{1B}[36m", with: "").replacing("\u{1B}[39m", with: "")
            .split { $0 == "\r" || $0 == "\n" }.map(String.init)
    }
}

extension Pipe {
    /// Closes the writing end and reads what was written.
    fileprivate func textWritten() throws -> String {
        try fileHandleForWriting.close()
        return String(decoding: try fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }
}
