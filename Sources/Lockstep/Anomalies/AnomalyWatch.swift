import Torch

/// What one rank has noticed about the numbers of its training, and what was done; belongs to the training thread.
struct AnomalyWatch {
    /// What an anomaly was noticed by; a loss that is no number makes gradients so on all ranks.
    enum Kind: Int { case loss, gradients, parameters }

    /// Something that went wrong.
    struct Anomaly {
        let kind: Kind
        /// The step in which it was noticed.
        let step: Int
        /// What it is, with names and numbers.
        let text: String
        /// Whether leaving out the step is enough.
        let canBeSkipped: Bool
    }

    /// How many steps in a row are left out before the training is given up.
    static let longestSkipping = 20
    /// How many of these are told of.
    static let toldSkips = 3
    /// How often a training goes back to one checkpoint before it is given up.
    static let mostReturns = 3

    /// What the ranks have not agreed about yet.
    private(set) var pending: Anomaly?
    /// How many steps were left out.
    private(set) var skippedSteps = 0
    /// How often the training went back to a checkpoint.
    private(set) var returns = 0
    /// How many steps were left out one after another until now.
    private(set) var skippedInARow = 0
    private var returnsToOne = (step: -1, count: 0)
    /// Losses that are still on a device.
    private var unread: [(step: Int, loss: Tensor)] = []
    private static let readsEvery = 16

    /// Keeps the first anomaly until the ranks have agreed what to do: what follows it is its consequence.
    mutating func notice(_ anomaly: Anomaly) {
        if pending == nil { pending = anomaly }
    }

    /// The anomaly that was noticed, once.
    mutating func takePending() -> Anomaly? {
        defer { pending = nil }
        return pending
    }

    /// Keeps a loss whose value would have to be waited for; gives those that are to be read now.
    mutating func keep(_ loss: Tensor, of step: Int) -> [(step: Int, loss: Tensor)] {
        unread.append((step, loss.detach()))
        return unread.count < Self.readsEvery ? [] : takeUnread()
    }

    /// The losses that were kept, once.
    mutating func takeUnread() -> [(step: Int, loss: Tensor)] {
        defer { unread.removeAll(keepingCapacity: true) }
        return unread
    }

    /// The step in progress is left out; false when that has gone on for too long.
    mutating func skip() -> Bool {
        skippedSteps += 1
        skippedInARow += 1
        return skippedInARow <= Self.longestSkipping
    }

    /// The step in progress counts.
    mutating func accept() { skippedInARow = 0 }

    /// The training goes back to a checkpoint's step; false when it has been there too often.
    mutating func goBack(to step: Int) -> Bool {
        returns += 1
        returnsToOne = (step, returnsToOne.step == step ? returnsToOne.count + 1 : 1)
        unread.removeAll()
        return returnsToOne.count <= Self.mostReturns
    }
}
