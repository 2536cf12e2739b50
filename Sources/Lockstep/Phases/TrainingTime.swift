import Dispatch
import RunFiles

/// How long the epochs of a training took, and what of that went into which phase; moments are nanoseconds.
struct TrainingTime {
    /// How many batches the epochs had so far that have ended.
    private(set) var batches = 0
    /// How many samples this rank had in all batches.
    var samples = 0
    /// What the phases took in all epochs.
    private(set) var phases = PhaseTimes()
    /// Where phases began, for a trace; nil where nobody wants to know.
    var marks: [(phase: StepPhase, moment: UInt64)]?
    private var whole: UInt64 = 0
    private var epochStart: UInt64 = 0
    private var current = StepPhase.other
    private var since: UInt64 = 0

    static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    mutating func beginEpoch(at moment: UInt64) {
        epochStart = moment
        (current, since) = (.other, moment)
    }

    /// A phase begins, and the one before it ends.
    mutating func enter(_ phase: StepPhase, at moment: UInt64 = TrainingTime.now) {
        phases[current] += moment &- since
        (current, since) = (phase, moment)
        marks?.append((phase, moment))
    }

    /// The last part of the phase in progress was another one.
    ///
    /// - Parameter duration: how long, in nanoseconds.
    mutating func reassign(_ duration: UInt64, to phase: StepPhase, at moment: UInt64) {
        let own = moment &- since
        let duration = min(duration, own)
        phases[current] += own - duration
        phases[phase] += duration
        marks?.append((phase, moment - duration))
        since = moment
    }

    mutating func endEpoch(batches count: Int, at moment: UInt64) {
        enter(.other, at: moment)
        batches += count
        whole += moment - epochStart
    }

    /// Seconds of all epochs that have ended.
    var seconds: Double { Double(whole) / 1e9 }

    /// What is said of it when a training ends, such as `1875 batches in 1.62 s, 0.4 % of it waiting for data`; nil where
    /// nothing was trained.
    var summary: String? {
        guard batches > 0, whole > 0 else { return nil }
        let share = 100 * Double(phases[.data]) / Double(whole)
        return "\(counted(batches, "batch", plural: "batches")) in \(seconds, decimals: 2) s, "
            + "\(share, decimals: 1) % of it waiting for data"
    }
}
