import Foundation
import Synchronization

/// Writes notices as text: on a terminal a download is one line that is rewritten, elsewhere a line now and then.
///
/// ```swift
/// let display = NoticeDisplay.standardError
/// let images = try await LabelledImages.open(.mnist, split: .train, report: display.show)
/// ```
public final class NoticeDisplay: Sendable {
    /// The display on standard error, rewritten in place where that is a terminal.
    public static let standardError = NoticeDisplay(isTerminal: isatty(STDERR_FILENO) == 1) { text in
        // A terminal that went away is no reason to stop.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    private struct State {
        var file: String?
        var started: Duration = .zero
        var startBytes = 0
        var lastShown: Duration?
        var lineIsOpen = false
    }

    private let isTerminal: Bool
    private let interval: Duration
    private let now: @Sendable () -> Duration
    private let write: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// Creates a display.
    ///
    /// - Parameters:
    ///   - isTerminal: whether a carriage return rewrites the line.
    ///   - interval: the time between two lines on a download where `isTerminal` is false.
    ///   - now: a clock that never goes back, of which only differences count; the system's by default.
    ///   - write: takes the text, ends of lines included.
    public init(
        isTerminal: Bool,
        interval: Duration = .seconds(5),
        now: (@Sendable () -> Duration)? = nil,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.isTerminal = isTerminal
        self.interval = interval
        let origin = ContinuousClock.now
        self.now = now ?? { origin.duration(to: .now) }
        self.write = write
    }

    /// Writes a notice; may be called from any thread.
    public func show(_ notice: DatasetNotice) {
        state.withLock { state in
            switch notice {
            case .line(let text):
                write((state.lineIsOpen ? "\n" : "") + text + "\n")
                state.lineIsOpen = false
            case .progress(let progress):
                show(progress, &state)
            }
        }
    }

    private func show(_ progress: DownloadProgress, _ state: inout State) {
        let time = now()
        if state.file != progress.file || progress.received < state.startBytes {
            state.file = progress.file
            state.started = time
            state.startBytes = progress.received
            state.lastShown = nil
        }
        let speed = speedText(progress, elapsed: time - state.started, from: state.startBytes)
        if isTerminal {
            write("\r\(bar(progress.fraction)) \(progress)\(speed)\u{1B}[K" + (progress.isComplete ? "\n" : ""))
            state.lineIsOpen = !progress.isComplete
        } else if progress.isComplete || state.lastShown.map({ time - $0 >= interval }) ?? true {
            write("\(progress)\(speed)\n")
            state.lastShown = time
        }
        if progress.isComplete { state.file = nil }
    }

    private func speedText(_ progress: DownloadProgress, elapsed: Duration, from start: Int) -> String {
        let seconds = elapsed / .seconds(1)
        let bytes = progress.received - start
        guard seconds > 0.5, bytes > 0 else { return "" }
        let speed = Double(bytes) / seconds
        let text = ", \(byteText(Int(speed)))/s"
        guard !progress.isComplete else { return text }
        return text + ", \(Int((Double(progress.total - progress.received) / speed).rounded(.up))) s left"
    }

    private func bar(_ fraction: Double) -> String {
        let filled = Int(fraction * 20)
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "]"
    }
}
