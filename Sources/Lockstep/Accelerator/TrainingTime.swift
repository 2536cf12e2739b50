import Dispatch

/// How long the epochs of a training took, and how much of that the loop waited for batches; moments are nanoseconds.
struct TrainingTime {
    /// How many batches the epochs had so far that have ended.
    private(set) var batches = 0
    private var whole: UInt64 = 0
    private var waiting: UInt64 = 0
    private var epochStart: UInt64 = 0

    static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    mutating func beginEpoch(at moment: UInt64) { epochStart = moment }

    /// A batch that was asked for has come, or the end of the epoch.
    mutating func addWait(from start: UInt64, to end: UInt64) { waiting += end - start }

    mutating func endEpoch(batches count: Int, at moment: UInt64) {
        batches += count
        whole += moment - epochStart
    }

    /// What is said of it when a training ends, such as `1875 batches in 1.62 s, 0.4 % of it waiting for data`; nil where
    /// nothing was trained.
    var summary: String? {
        guard batches > 0, whole > 0 else { return nil }
        let share = 100 * Double(waiting) / Double(whole)
        return "\(counted(batches, "batch", plural: "batches")) in \(Double(whole) / 1e9, decimals: 2) s, "
            + "\(share, decimals: 1) % of it waiting for data"
    }
}
