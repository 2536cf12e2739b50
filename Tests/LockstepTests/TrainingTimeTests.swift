import Testing

@testable import Lockstep

@Suite("The time of a training")
struct TrainingTimeTests {
    @Test("is that of its epochs, and the share of the waiting is of these")
    func share() {
        var time = TrainingTime()
        #expect(time.summary == nil)
        for start in [1_000_000_000, 9_000_000_000] as [UInt64] {
            time.beginEpoch(at: start)
            time.addWait(from: start, to: start + 30_000_000)
            time.addWait(from: start + 400_000_000, to: start + 420_000_000)
            time.endEpoch(batches: 1, at: start + 1_000_000_000)
        }
        #expect(time.summary == "2 batches in 2.00 s, 5.0 % of it waiting for data")
    }

    @Test("is not said of an epoch without a batch")
    func empty() {
        var time = TrainingTime()
        time.beginEpoch(at: 5)
        time.endEpoch(batches: 0, at: 10)
        #expect(time.summary == nil)
    }
}
