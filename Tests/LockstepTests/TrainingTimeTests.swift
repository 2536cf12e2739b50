import RunFiles
import Testing

@testable import Lockstep

@Suite("The time of a training")
struct TrainingTimeTests {
    @Test("is that of its epochs, and each part of these belongs to one phase")
    func shares() {
        var time = TrainingTime()
        #expect(time.summary == nil)
        for start in [1_000_000_000, 9_000_000_000] as [UInt64] {
            time.beginEpoch(at: start)
            for (phase, milliseconds) in [(.data, 0), (.forward, 50), (.backward, 350)] as [(StepPhase, UInt64)] {
                time.enter(phase, at: start + milliseconds * 1_000_000)
            }
            // The backward pass has ended, and its last 100 ms were waiting.
            time.reassign(100_000_000, to: .communication, at: start + 850_000_000)
            time.enter(.optimizer, at: start + 850_000_000)
            time.endEpoch(batches: 1, at: start + 1_000_000_000)
        }
        #expect(time.summary == "2 batches in 2.00 s, 5.0 % of it waiting for data")
        let expected: [StepPhase: UInt64] = [
            .data: 100, .forward: 600, .backward: 800, .communication: 200, .optimizer: 300, .other: 0,
        ]
        for phase in StepPhase.allCases { #expect(time.phases[phase] == expected[phase].map { $0 * 1_000_000 }) }
        #expect(time.phases.share(.data, .communication) == 0.15)
    }

    @Test("what lies between two epochs belongs to none")
    func between() {
        var time = TrainingTime()
        time.beginEpoch(at: 10)
        time.endEpoch(batches: 1, at: 20)
        time.beginEpoch(at: 1_000_000)
        time.endEpoch(batches: 1, at: 1_000_010)
        #expect(time.phases.total == 20)
    }

    @Test("is not said of an epoch without a batch")
    func empty() {
        var time = TrainingTime()
        time.beginEpoch(at: 5)
        time.endEpoch(batches: 0, at: 10)
        #expect(time.summary == nil)
    }

    @Test("a trace has each phase's beginning, in order")
    func marks() {
        var time = TrainingTime()
        time.beginEpoch(at: 0)
        time.marks = []
        time.enter(.data, at: 10)
        time.enter(.backward, at: 20)
        time.reassign(30, to: .communication, at: 40)
        time.enter(.optimizer, at: 40)
        #expect(time.marks?.map(\.phase) == [.data, .backward, .communication, .optimizer])
        // Not more than the phase itself.
        #expect(time.marks?.map(\.moment) == [10, 20, 20, 40])
        #expect(time.phases[.backward] == 0 && time.phases[.communication] == 20)
    }
}
