import Foundation
import Synchronization

/// What this rank does at the moment, for other threads to read; the training thread writes it with a few stores.
final class RankActivity: Sendable {
    /// How far a rank is.
    struct Place: Equatable {
        var step = 0
        var epoch = 0
        var batch = 0
        /// Samples of all batches so far.
        var samples = 0
    }

    /// One step, with how long each of its phases took.
    struct Step {
        let number: Int
        /// Nanoseconds, as ``TrainingTime`` counts them.
        let begin: UInt64
        let phases: PhaseTimes
    }

    private static let longestPhase = 60

    private let step = Atomic<Int>(0)
    private let epoch = Atomic<Int>(0)
    private let batch = Atomic<Int>(0)
    private let samples = Atomic<Int>(0)
    /// The address of a constant text; 0 where `words` has the phase.
    private let phase = Atomic<UInt>(0)
    private let words = Mutex("starting")
    private let wantsStep = Atomic<Bool>(false)
    /// Of how many steps one is shown, a power of two: ranks of one speed show the same ones.
    private let showsEvery = Atomic<Int>(1)
    private let latest = Mutex<Step?>(nil)

    // MARK: On the training thread

    func move(to place: Place) {
        step.store(place.step, ordering: .relaxed)
        epoch.store(place.epoch, ordering: .relaxed)
        batch.store(place.batch, ordering: .relaxed)
        samples.store(place.samples, ordering: .relaxed)
    }

    /// The rank does something that a constant text names.
    func note(_ text: StaticString) {
        phase.store(UInt(bitPattern: text.utf8Start), ordering: .relaxed)
    }

    /// The rank does something else.
    func note(_ text: String) {
        words.withLock { $0 = text }
        phase.store(0, ordering: .relaxed)
    }

    /// Whether anybody wants to see a step that ends now.
    func isWatched(at step: Int) -> Bool {
        wantsStep.load(ordering: .relaxed) && step & (showsEvery.load(ordering: .relaxed) - 1) == 0
    }

    /// Shows a step that has ended.
    func show(_ step: Step) {
        wantsStep.store(false, ordering: .relaxed)
        latest.withLock { $0 = step }
    }

    // MARK: On other threads

    var place: Place {
        Place(
            step: step.load(ordering: .relaxed), epoch: epoch.load(ordering: .relaxed),
            batch: batch.load(ordering: .relaxed), samples: samples.load(ordering: .relaxed))
    }

    /// What the rank does, in words such as `forward pass`.
    var phaseInWords: String {
        let address = phase.load(ordering: .relaxed)
        let text =
            UnsafePointer<CChar>(bitPattern: address).map { String(cString: $0) } ?? words.withLock { $0 }
        let trimmed = text.trimmingCharacters(in: CharacterSet(charactersIn: " ()"))
        return String(trimmed.prefix(Self.longestPhase))
    }

    /// The step that was asked for the last time, if it has ended; asks for another.
    ///
    /// - Parameter pace: how many steps end in the time between two calls.
    func takeStep(pace: Int) -> Step? {
        let every = pace < 2 ? 1 : 1 << (Int.bitWidth - 1 - pace.leadingZeroBitCount)
        showsEvery.store(every, ordering: .relaxed)
        wantsStep.store(true, ordering: .relaxed)
        return latest.withLock { latest in
            defer { latest = nil }
            return latest
        }
    }
}
