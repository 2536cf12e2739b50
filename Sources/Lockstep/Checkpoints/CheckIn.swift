import Torch
import TorchDistributed

/// What the ranks agree on between two steps, without a collective in each of them.
///
/// They exchange their wishes every so many steps. The main process chooses how many, from how long steps take, so that
/// it happens about four times a second; the choice travels with the wishes, and is the same on all ranks.
struct CheckIn {
    /// What a rank, or any of the ranks, wants to be done now.
    struct Wishes: Equatable {
        var saves = false
        var stops = false
        var hasAnomaly = false
    }

    private static let nanosecondsBetween = 250_000_000.0
    private var stepsLeft = 0
    private var interval = 1
    private var last: UInt64?

    /// Counts a step; every so many of them, gives what any rank wishes.
    ///
    /// - Throws: `DistributedError`.
    mutating func afterStep(_ ranks: Ranks, wishing wishes: @autoclosure () -> Wishes) throws -> Wishes {
        guard let group = ranks.group else { return wishes() }
        stepsLeft -= 1
        guard stepsLeft <= 0 else { return Wishes() }
        let own = wishes()
        let wanted = [own.saves, own.stops, own.hasAnomaly].map { $0 ? 1 : 0 }
        let numbers = Tensor(copying: wanted + [ranks.isMain ? next(at: TrainingTime.now) : 0])
        try group.allReduceNow(numbers, .max)
        let agreed = numbers.array(of: Int.self)
        interval = max(1, agreed[3])
        stepsLeft = interval
        return Wishes(saves: agreed[0] > 0, stops: agreed[1] > 0, hasAnomaly: agreed[2] > 0)
    }

    /// How many steps to the next exchange; it grows slowly, since the first steps are no measure.
    private mutating func next(at moment: UInt64) -> Int {
        defer { last = moment }
        guard let last, moment > last else { return 1 }
        let steps = Double(interval) * Self.nanosecondsBetween / Double(moment - last)
        return max(1, Int(min(steps, Double(interval) * 4, 1e6)))
    }
}
