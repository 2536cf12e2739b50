import Files
import Foundation
import Synchronization

/// Shows how far some work is, on standard error.
///
/// On a terminal it keeps one line up to date, at most ten times a second; text that is printed with
/// ``print(_:to:)`` appears above it, within 10 ms. Elsewhere, in a file or a pipe, it writes one plain line every ten
/// seconds and one at the end, without escape codes and carriage returns. `NO_COLOR` and `TERM=dumb` hold. The cursor is
/// never hidden, so a process that is killed leaves the terminal as it should be.
///
/// ```swift
/// let display = ProgressDisplay()
/// display.begin("Epoch 1/5", total: 1875)
/// for batch in batches { display.advance(loss: try step(batch)) }
/// display.finish()
/// ```
public final class ProgressDisplay: Sendable {
    /// Where a line of text goes.
    public enum Output: Sendable {
        /// The program's own output.
        case standardOutput
        /// Where diagnostics go.
        case standardError

        var descriptor: Int32 { self == .standardOutput ? 1 : 2 }
    }

    /// The work under way.
    private struct Work {
        var bar: ProgressBar
        let first: Int
        let start: UInt64
        var speed = ProgressRate()
        var observed: (completed: Int, time: UInt64)
        var shown: Int?
    }

    private struct State {
        var work: Work?
        var lines = PendingLines()
        var nextDraw = UInt64.max
        var failure: TrackingError?
    }

    private let terminal: Terminal
    private let interval: UInt64
    private let now: @Sendable () -> UInt64
    private let state = Mutex(State())

    /// Prepares a display; nothing is written until work begins.
    ///
    /// - Parameters:
    ///   - descriptor: Where to draw, standard error by default. It is not closed.
    ///   - plainInterval: The time between lines where there is no terminal.
    ///   - environment: Where `TERM`, `NO_COLOR`, `COLUMNS` and the locale are looked up.
    ///   - now: A clock that only goes forward, in nanoseconds; the system's by default.
    public init(
        descriptor: Int32 = 2, plainInterval: Duration = .seconds(10),
        environment: [String: String] = ProcessInfo.processInfo.environment,
        now: @escaping @Sendable () -> UInt64 = { DispatchTime.now().uptimeNanoseconds }
    ) {
        terminal = Terminal(descriptor, environment: environment)
        let seconds = terminal.canRewrite ? 0.1 : plainInterval / .seconds(1)
        interval = UInt64(max(0, seconds) * 1e9)
        self.now = now
    }

    deinit { finish() }

    /// The first error that writing met, such as a closed pipe; drawing stops there.
    public var failure: TrackingError? { state.withLock { $0.failure } }

    /// Starts to show some work; work still under way is finished first.
    ///
    /// - Parameters:
    ///   - description: What is being done, such as `Epoch 1/5`.
    ///   - total: The steps in all, or nil where nobody knows.
    ///   - completed: The steps done before, as after a resumption; they do not count for the speed.
    ///   - unit: What a step is called, in the singular.
    public func begin(_ description: String, total: Int?, startingAt completed: Int = 0, unit: String = "step") {
        state.withLock { state in
            end(&state)
            let time = now()
            state.work = Work(
                bar: ProgressBar(description, completed: completed, total: total, unit: unit), first: completed,
                start: time, observed: (completed, time))
            state.nextDraw = time &+ interval
            if terminal.canRewrite { draw(&state, time) }
        }
    }

    /// Counts steps as done; most calls only look at the clock.
    public func advance(by steps: Int = 1, loss: Double? = nil) {
        state.withLock { state in
            guard state.work != nil else { return }
            state.work?.bar.completed += steps
            if let loss { state.work?.bar.loss = loss }
            let time = now()
            if time >= state.nextDraw { draw(&state, time) }
        }
    }

    /// Prints a line of text above the bar, and leaves the bar as it was.
    ///
    /// What was printed before with Swift's `print` or C's `printf` comes out first. During work, lines that follow each
    /// other fast are written together, a hundred times a second; a line to standard error, and those before it, at
    /// once. A failure to write is kept in ``failure``.
    public func print(_ line: String, to output: Output = .standardOutput) {
        print(line, descriptor: output.descriptor)
    }

    func print(_ line: String, descriptor: Int32) {
        let planned = state.withLock { state -> Bool in
            if let other = state.lines.descriptor, other != descriptor { writeLines(&state, now()) }
            state.lines.append(line, to: descriptor)
            let time = now()
            guard state.work != nil, descriptor != STDERR_FILENO, state.lines.canWait(at: time) else {
                writeLines(&state, time)
                return false
            }
            defer { state.lines.isWritePlanned = true }
            return !state.lines.isWritePlanned
        }
        guard planned else { return }
        DispatchQueue.global(qos: .userInitiated)
            .asyncAfter(deadline: .now() + .nanoseconds(Int(PendingLines.interval))) { [weak self] in
                self?.writePlanned()
            }
    }

    /// Ends the work: its last state stays, with the average speed, and the cursor goes to a new line.
    public func finish() {
        state.withLock { end(&$0) }
    }

    private func writePlanned() {
        state.withLock { state in
            state.lines.isWritePlanned = false
            writeLines(&state, now())
        }
    }

    /// Writes the lines that wait, and returns whether the bar was drawn again under them.
    @discardableResult
    private func writeLines(_ state: inout State, _ time: UInt64) -> Bool {
        guard let descriptor = state.lines.descriptor else { return false }
        let isBarInTheWay = terminal.canRewrite && state.work != nil && isatty(descriptor) == 1
        if isBarInTheWay { put("\r\u{1B}[K", terminal.descriptor, &state) }
        note(state.lines.write(at: time), of: descriptor, &state)
        if isBarInTheWay { drawBar(&state, time) }
        return isBarInTheWay
    }

    // MARK: Drawing

    private func end(_ state: inout State) {
        let time = now()
        writeLines(&state, time)
        guard var work = state.work else { return }
        let seconds = Double(time &- work.start) / 1e9
        let steps = work.bar.completed - work.first
        work.bar.elapsed = seconds
        work.bar.rate = steps > 0 && seconds > 0 ? Double(steps) / seconds : nil
        if terminal.canRewrite {
            put(inPlace(work.bar) + "\n", terminal.descriptor, &state)
        } else if work.shown != work.bar.completed {
            put(work.bar.line(width: .max, style: .plain) + "\n", terminal.descriptor, &state)
        }
        state.work = nil
        state.nextDraw = .max
    }

    private func draw(_ state: inout State, _ time: UInt64) {
        if !writeLines(&state, time) { drawBar(&state, time) }
    }

    private func drawBar(_ state: inout State, _ time: UInt64) {
        guard var work = state.work else { return }
        let steps = work.bar.completed - work.observed.completed
        if steps > 0, time > work.observed.time {
            work.speed.observe(steps: steps, seconds: Double(time - work.observed.time) / 1e9)
            work.observed = (work.bar.completed, time)
        }
        work.bar.elapsed = Double(time &- work.start) / 1e9
        work.bar.rate = work.speed.perSecond
        work.shown = work.bar.completed
        state.work = work
        state.nextDraw = time &+ interval
        let text = terminal.canRewrite ? inPlace(work.bar) : work.bar.line(width: .max, style: .plain) + "\n"
        put(text, terminal.descriptor, &state)
    }

    private func inPlace(_ bar: ProgressBar) -> String {
        // A character in the last column would make some terminals wrap.
        "\r\(bar.line(width: terminal.columns - 1, style: terminal.style))\u{1B}[K"
    }

    private func put(_ text: String, _ descriptor: Int32, _ state: inout State) {
        // A terminal that has gone would fail again at each step; other outputs may have recovered.
        if state.failure != nil, descriptor == terminal.descriptor { return }
        note(Array(text.utf8).withUnsafeBytes { OpenDescriptor.write($0, to: descriptor) }, of: descriptor, &state)
    }

    private func note(_ failure: SystemFailure?, of descriptor: Int32, _ state: inout State) {
        guard let failure, state.failure == nil else { return }
        state.failure = TrackingError(failure.error("The output with descriptor \(descriptor)", cannotBe: "written"))
    }
}
