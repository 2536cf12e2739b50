import Testing

@testable import Lockstep

@Suite("The summary of a training")
struct TrainingSummaryTests {
    private func row(_ rank: Int, seconds: Double, samples: Int, memory: Int) -> TrainingSummary.Row {
        TrainingSummary.Row(
            rank: rank, host: "a", seconds: seconds, samples: samples, compute: 0.8, communication: 0.125, data: 0.05,
            other: 0.025, peakMemory: memory)
    }

    @Test("is a table with a row a rank, whose columns are as wide as what is in them")
    func table() {
        let summary = TrainingSummary(
            rows: [
                row(0, seconds: 2, samples: 3000, memory: 155_400_000),
                row(1, seconds: 4, samples: 3000, memory: 1_200_000_000),
            ], steps: 100)
        #expect(
            summary.table == """
                  rank  samples/s  computing  communication  waiting for data  other  peak memory
                     0       1500     80.0 %         12.5 %             5.0 %  2.5 %       155 MB
                     1        750     80.0 %         12.5 %             5.0 %  2.5 %      1200 MB
                """)
        // The job is as fast as its slowest rank.
        #expect(summary.samplesPerSecond == 1500)
        #expect(summary.record["ranks"]?.listValue?[1]["peak_memory"]?.integerValue == 1_200_000_000)
        #expect(summary.record["steps"]?.integerValue == 100)
    }

    @Test("a training without time has no rate")
    func empty() {
        #expect(TrainingSummary(rows: [row(0, seconds: 0, samples: 0, memory: 1)], steps: 0).samplesPerSecond == 0)
    }

    @Test("communication is spoken of where it takes more than half of a step, with what two ranks gain then")
    func advice() {
        #expect(CommunicationAdvice(share: 0.5, worldSize: 2) == nil)
        let text = CommunicationAdvice(share: 0.61, worldSize: 2)?.description ?? ""
        #expect(
            text.hasPrefix("communication takes 61 % of a step, so 2 ranks do 0.8 times the work of one."), "\(text)")
    }
}
