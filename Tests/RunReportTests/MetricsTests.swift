import Foundation
import RunReport
import Testing

@Suite("Lines of metrics")
struct MetricsTests {
    private func metrics(_ text: String) -> RunMetrics {
        var metrics = RunMetrics()
        _ = Array(text.utf8).withUnsafeBytes { metrics.append($0) }
        return metrics
    }

    @Test func `names become series, and evaluations have series of their own`() {
        let metrics = metrics(
            """
            {"step":1,"epoch":1,"loss":2.5,"seconds":0.5}
            {"step":2,"epoch":1,"loss":2.25,"seconds":1.0,"grad norm":3}
            {"step":2,"epoch":1,"accuracy":0.75,"evaluation_loss":1.5,"seconds":4}
            {"step":3,"epoch":2,"loss":2e0,"seconds":1.5}

            """)
        #expect(metrics.series.map(\.name) == ["loss", "seconds", "grad norm"])
        #expect(metrics.series("loss")?.steps == [1, 2, 3])
        #expect(metrics.series("loss")?.values == [2.5, 2.25, 2])
        #expect(metrics.series("seconds")?.values == [0.5, 1, 1.5])
        #expect(metrics.series("grad norm")?.steps == [2])
        #expect(metrics.evaluation("accuracy")?.values == [0.75])
        #expect(metrics.evaluation("seconds")?.values == [4])
        #expect(metrics.epochs.map(\.epoch) == [1, 2] && metrics.epochs.map(\.step) == [1, 3])
        #expect(metrics.finalStep == 3 && metrics.unreadableLines == 0)
    }

    @Test func `a cut last line is left for later`() {
        let text = Array("{\"step\":1,\"loss\":1}\n{\"step\":2,\"lo".utf8)
        var metrics = RunMetrics()
        let used = text.withUnsafeBytes { metrics.append($0) }
        #expect(used == 20 && metrics.series("loss")?.count == 1)
        let rest = Array(text[used...]) + Array("ss\":0.5}\n".utf8)
        #expect(rest.withUnsafeBytes { metrics.append($0) } == rest.count)
        #expect(metrics.series("loss")?.values == [1, 0.5])
        #expect(metrics.unreadableLines == 0)
    }

    @Test func `a run that goes back forgets what came after`() {
        let metrics = metrics(
            """
            {"step":1,"epoch":1,"loss":1,"a":1}
            {"step":2,"epoch":1,"loss":2,"a":1}
            {"step":2,"epoch":1,"accuracy":0.1}
            {"step":3,"epoch":2,"loss":3}
            {"step":4,"epoch":2,"loss":4}
            {"step":4,"epoch":2,"accuracy":0.2}
            {"step":3,"epoch":2,"loss":33}
            {"step":3,"epoch":2,"other":5}

            """)
        #expect(metrics.series("loss")?.steps == [1, 2, 3] && metrics.series("loss")?.values == [1, 2, 33])
        #expect(metrics.series("a")?.steps == [1, 2] && metrics.series("other")?.steps == [3])
        #expect(metrics.evaluation("accuracy")?.values == [0.1])
        #expect(metrics.epochs.map(\.epoch) == [1, 2])
    }

    @Test func `many lines are read whole`() {
        let lines = (1...20_000).map {
            "{\"step\":\($0),\"epoch\":1,\"loss\":0.378458858,\"seconds\":\(Double($0) * 0.01)}\n"
        }
        let metrics = metrics(lines.joined())
        #expect(metrics.series("loss")?.count == 20_000)
        #expect(metrics.finalStep == 20_000)
    }
}
