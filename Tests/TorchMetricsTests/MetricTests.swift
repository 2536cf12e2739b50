import Testing
import Torch
import TorchMetrics

@Suite("Metrics add up")
struct MetricTests {
    private static let scores: [[Float]] = [
        [0.1, 0.7, 0.2], [0.9, 0.05, 0.05], [0.2, 0.3, 0.5], [0.4, 0.35, 0.25], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3],
        [0.6, 0.3, 0.1],
    ]
    private static let labels = [1, 0, 1, 2, 2, 0, 1]

    private static func batch(_ range: Range<Int>) -> (scores: Tensor, labels: Tensor) {
        let rows = scores[range]
        return (
            Tensor(copying: rows.flatMap { $0 }, shape: [rows.count, 3]), Tensor(copying: Array(labels[range]))
        )
    }

    private static func total<M: Metric>(_ metric: M, batchSize: Int) -> M.Value? {
        var total = Total(of: metric)
        for start in stride(from: 0, to: labels.count, by: batchSize) {
            let (scores, labels) = batch(start..<min(start + batchSize, labels.count))
            total.add(outputs: scores, targets: labels)
        }
        return total.value
    }

    @Test("accuracy counts each sample once, however they are divided", arguments: 1...8)
    func accuracy(_ batchSize: Int) throws {
        let value = try #require(Self.total(Accuracy(), batchSize: batchSize))
        #expect(value.correct == 3)
        #expect(value.count == 7)
        #expect(value.fraction == 3.0 / 7)
    }

    @Test("top-k accuracy counts a class among the k highest scores", arguments: [(1, 3), (2, 6), (3, 7)])
    func topAccuracy(_ k: Int, _ correct: Int) throws {
        #expect(try #require(Self.total(Accuracy(topK: k), batchSize: 3)).correct == correct)
    }

    @Test("a mean is weighted by samples, not by batches", arguments: 1...8)
    func mean(_ batchSize: Int) throws {
        let first = Mean { outputs, _ in outputs[.all, 0] }
        let value = try #require(Self.total(first, batchSize: batchSize))
        #expect(abs(value - 2.6 / 7) < 1e-7)
    }

    @Test("a weighted mean divides by the weights", arguments: 1...8)
    func weightedMean(_ batchSize: Int) throws {
        let mean = Mean(weights: { _, labels in labels }, of: { scores, labels in scores[.all, 2] * labels })
        // Σ label · score / Σ label
        let expected = 2.7 / 7
        #expect(abs(try #require(Self.total(mean, batchSize: batchSize)) - expected) < 1e-6)
    }

    @Test("the confusion matrix counts (true, predicted) pairs", arguments: 1...8)
    func confusionMatrix(_ batchSize: Int) throws {
        let value = try #require(Self.total(ConfusionMatrix(classes: 3), batchSize: batchSize))
        #expect(value.counts == [[1, 1, 0], [1, 1, 1], [1, 0, 1]])
        #expect(value.recall == [0.5, 1.0 / 3, 0.5])
        #expect(value.precision == [1.0 / 3, 0.5, 0.5])
    }

    @Test("a class without samples has no recall, one that was never predicted no precision")
    func undefinedRates() {
        let value = ConfusionMatrix(classes: 2).value(of: [3, 0, 0, 0])
        #expect(value.recall == [1, nil])
        #expect(value.precision == [1, nil])
    }

    @Test("a total without batches has no value")
    func emptyTotal() {
        #expect(Total(of: Accuracy()).value == nil)
    }

    @Test("nothing is recorded for gradients")
    func noGraph() {
        let (scores, labels) = Self.batch(0..<7)
        var total = Total(of: Mean { outputs, _ in outputs[.all, 0] })
        total.add(outputs: scores.requiringGrad(), targets: labels)
        #expect(total.sums?.requiresGrad == false)
    }
}
