import Testing

@testable import Lockstep

@Suite("When a training is saved")
struct TrainingSaverTests {
    private func saver(_ interval: String, after step: Int = 0) throws -> TrainingSaver {
        let interval = try #require(CheckpointInterval(argument: interval))
        return TrainingSaver(interval, after: step, writer: nil, response: .warn) { _ in }
    }

    @Test("a batch that is accumulated ends no step, neither at the start nor after a resume", arguments: [0, 8])
    func accumulation(first: Int) throws {
        let saver = try saver("1", after: first)
        #expect(!saver.notices(endOf: first))
        #expect(saver.notices(endOf: first + 1))
        #expect(!saver.notices(endOf: first + 1))
        #expect(saver.notices(endOf: first + 2))
    }

    @Test("every so many steps or epochs, at the end, and when the ranks have agreed to")
    func due() throws {
        let steps = try saver("5steps")
        #expect((1...11).filter { steps.isDue(after: $0, isLast: $0 == 11) } == [5, 10, 11])
        #expect((1...3).filter { steps.isDue(afterEpoch: $0, isLast: $0 == 3) } == [3])
        steps.agreed.stops = true
        #expect(steps.isDue(after: 7, isLast: false))
        let epochs = try saver("2epochs")
        #expect((1...11).filter { epochs.isDue(after: $0, isLast: false) } == [])
        #expect((0...5).filter { epochs.isDue(afterEpoch: $0, isLast: $0 == 5) } == [2, 4, 5])
        #expect(!epochs.isTimeOver)
        #expect(try !saver("1min").isTimeOver)
    }

    @Test(
        "an interval is read with any beginning of its unit, and refused where there is none such",
        arguments: [
            ("500", "500steps"), ("1step", "1step"), ("2e", "2epochs"), ("10min", "10minutes"), ("3 Epochs", "3epochs"),
            ("0", nil), ("-5", nil), ("5x", nil), ("", nil), ("epochs", nil), ("99999999999999999999", nil),
        ])
    func intervals(text: String, description: String?) {
        #expect(CheckpointInterval(argument: text)?.description == description)
    }
}
