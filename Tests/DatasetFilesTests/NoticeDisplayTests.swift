import DatasetFiles
import Synchronization
import Testing

@Suite("Notices as text")
struct NoticeDisplayTests {
    /// A display whose clock the test sets, and what it wrote.
    private final class Recorder: Sendable {
        let text = Mutex("")
        let seconds = Mutex(0.0)

        func display(isTerminal: Bool) -> NoticeDisplay {
            NoticeDisplay(
                isTerminal: isTerminal, now: { .seconds(self.seconds.withLock { $0 }) },
                write: { text in self.text.withLock { $0 += text } })
        }

        func feed(_ display: NoticeDisplay, _ received: Int, at time: Double) {
            seconds.withLock { $0 = time }
            display.show(.progress(DownloadProgress(file: "a.gz", received: received, total: 10_000_000)))
        }
    }

    @Test("on a terminal one line is rewritten and ended once")
    func rewrites() {
        let recorder = Recorder()
        let display = recorder.display(isTerminal: true)
        recorder.feed(display, 0, at: 0)
        recorder.feed(display, 5_000_000, at: 2)
        display.show(.line("waiting"))
        recorder.feed(display, 10_000_000, at: 4)
        let end = "\u{1B}[K"
        #expect(
            recorder.text.withLock { $0 }
                == "\r[....................] downloading a.gz: 0 %, 0 bytes of 10.0 MB\(end)"
                + "\r[##########..........] downloading a.gz: 50 %, 5.0 MB of 10.0 MB, 2.5 MB/s, 2 s left\(end)"
                + "\nwaiting\n"
                + "\r[####################] downloading a.gz: 100 %, 10.0 MB of 10.0 MB, 2.5 MB/s\(end)\n")
    }

    @Test("elsewhere a line comes every few seconds and at the end, without control characters")
    func writesLines() {
        let recorder = Recorder()
        let display = recorder.display(isTerminal: false)
        for second in 0...10 { recorder.feed(display, second * 1_000_000, at: Double(second)) }
        #expect(
            recorder.text.withLock { $0 } == """
                downloading a.gz: 0 %, 0 bytes of 10.0 MB
                downloading a.gz: 50 %, 5.0 MB of 10.0 MB, 1.0 MB/s, 5 s left
                downloading a.gz: 100 %, 10.0 MB of 10.0 MB, 1.0 MB/s

                """)
    }
}
