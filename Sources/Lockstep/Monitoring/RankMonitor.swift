import Dispatch
import Foundation
import RunFiles
import Synchronization
import Tracking

/// Writes what this rank does into `ranks/rank-N.jsonl` of the run's folder, for those who look on.
///
/// A line goes out about twice a second, whether the training moves or not: an old last line means that the process is gone
/// or stands still. The training thread stores a few numbers and waits for nothing.
final class RankMonitor: Sendable {
    /// What the rank does.
    let activity = RankActivity()

    private static let interval = 0.5
    private static let longestMessage = 500

    private struct State {
        var isEnded = false
        var last: (time: Double, samples: Int)
        var lastStep = 0
    }

    private let lines: MetricsWriter
    // Dispatch's own objects may be used from any thread.
    private nonisolated(unsafe) let timer: any DispatchSourceTimer
    private let state = Mutex(State(last: (RankMonitor.now, 0)))
    /// What has to be added to the training's clock for seconds since 1970.
    private let offset = RankMonitor.now - Double(TrainingTime.now) / 1e9

    /// Begins to write.
    ///
    /// - Parameters:
    ///   - runFolder: the run's folder; what is missing of it is created, as on another machine than rank 0's.
    ///   - rank: this process's number.
    ///   - identity: what the first line says.
    ///   - complain: is told once where lines cannot be written any more, which stops nothing.
    /// - Throws: `TrackingError` where the file cannot be opened.
    init(
        _ runFolder: String, rank: Int, identity: MetricsRecord, complain: @escaping @Sendable (TrackingError) -> Void
    ) throws {
        let folder = "\(runFolder)/\(RunFolder.ranks)"
        try RunFolder.createFolders(folder)
        lines = try MetricsWriter("\(folder)/rank-\(rank).jsonl", onFailure: complain)
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "monitor", qos: .utility))
        write("start", identity)
        timer.schedule(
            deadline: .now() + Self.interval, repeating: Self.interval, leeway: .milliseconds(50))
        timer.setEventHandler { [weak self] in self?.report() }
        timer.resume()
    }

    deinit { timer.cancel() }

    /// Writes the last line; a second call does nothing.
    func end(_ outcome: TrackedOutcome) {
        let isFirst = state.withLock { state in
            defer { state.isEnded = true }
            return !state.isEnded
        }
        guard isFirst else { return }
        timer.cancel()
        writeStatus()
        let (word, message) =
            switch outcome {
            case .finished: ("finished", "")
            case .failed(let message): ("failed", message)
            case .stopped(let message): ("stopped", message)
            }
        write("end", ["outcome": .text(word), "message": .text(String(message.prefix(Self.longestMessage)))])
        // A failure has been told of.
        try? lines.close()
    }

    private func report() {
        guard !state.withLock({ $0.isEnded }) else { return }
        writeStatus()
        let pace = state.withLock { state in
            defer { state.lastStep = activity.place.step }
            return activity.place.step - state.lastStep
        }
        if let step = activity.takeStep(pace: pace) {
            var fields: MetricsRecord = [
                "step": .integer(step.number), "begin": .number(Double(step.begin) / 1e9 + offset),
            ]
            for phase in StepPhase.allCases { fields[phase.name] = .number(Double(step.phases[phase]) / 1e9) }
            write("step", fields)
        }
        try? lines.flush()
    }

    private func writeStatus() {
        let place = activity.place
        let now = Self.now
        let rate = state.withLock { state in
            defer { state.last = (now, place.samples) }
            return now > state.last.time ? Double(place.samples - state.last.samples) / (now - state.last.time) : 0
        }
        let memory = ProcessMemory.current
        write(
            "status",
            [
                "step": .integer(place.step), "epoch": .integer(place.epoch), "batch": .integer(place.batch),
                "phase": .text(activity.phaseInWords), "samples_per_second": .number(max(0, rate)),
                "memory": .integer(memory.now), "peak_memory": .integer(memory.peak),
            ])
    }

    private func write(_ type: String, _ fields: MetricsRecord) {
        var record: MetricsRecord = ["type": .text(type), "time": .number(Self.now)]
        for field in fields.fields { record[field.name] = field.value }
        lines.write(record)
    }

    /// Seconds since 1970.
    private static var now: Double { Date().timeIntervalSince1970 }
}

/// The memory that this process has, in bytes.
enum ProcessMemory {
    /// What it has now, and what it had at most.
    static var current: (now: Int, peak: Int) {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
        let resident = pages.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0
        return (resident * sysconf(Int32(_SC_PAGESIZE)), peak)
    }

    /// What it had at most.
    static var peak: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
