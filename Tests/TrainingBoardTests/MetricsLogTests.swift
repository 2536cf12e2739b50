import Foundation
import Testing

@testable import TrainingBoard

@Suite("Metrics out of bytes")
struct MetricsLogTests {
    private func read(_ text: String, into log: inout MetricsLog) -> Int {
        Array(text.utf8).withUnsafeBytes { log.read($0) }
    }

    @Test("a line that is cut is left for later, and what lies before it is read")
    func cutLine() {
        var log = MetricsLog(keepsPoints: true)
        let whole = #"{"step":1,"loss":2.5}"# + "\n"
        #expect(read(whole + #"{"step":2,"lo"#, into: &log) == whole.utf8.count)
        #expect(log["loss"]?.values == [2.5])
        #expect(read(#"{"step":2,"loss":1.5}"# + "\n", into: &log) == 22)
        #expect(log["loss"]?.steps == [1, 2])
    }

    @Test("numbers that are not finite are kept as such")
    func notFinite() {
        var log = MetricsLog(keepsPoints: true)
        _ = read(#"{"step":1,"loss":"NaN"}"# + "\n" + #"{"step":2,"loss":"-Infinity"}"# + "\n", into: &log)
        #expect(log["loss"]?.values.first?.isNaN == true)
        #expect(log["loss"]?.values.last == -.infinity)
    }

    @Test("the digest has the last step, the last loss and the best accuracy")
    func digest() {
        var log = MetricsLog(keepsPoints: false)
        for (step, accuracy) in [(10, 0.5), (20, 0.75), (30, 0.625)] {
            _ = read(
                #"{"step":\#(step),"epoch":2,"loss":\#(step),"accuracy":\#(accuracy),"seconds":3}"# + "\n", into: &log)
        }
        #expect(log.digest == .init(step: 30, epoch: 2, seconds: 3, loss: 30, bestAccuracy: 0.75))
        #expect(log.names == ["loss", "accuracy"])
        #expect(log["loss"] == nil)
    }

    @Test("a step that comes again takes the place of itself and what lies behind it")
    func stepsAgain() {
        var series = Series()
        for step in [1, 2, 3, 4, 5] { series.append(step, Double(step)) }
        series.append(3, 30)
        #expect(series.steps == [1, 2, 3])
        #expect(series.values == [1, 2, 30])
    }

    @Test("a file with endless names of metrics fills no memory")
    func manyNames() {
        var log = MetricsLog(keepsPoints: true)
        for step in 0..<1000 { _ = read(#"{"step":\#(step),"metric\#(step)":1}"# + "\n", into: &log) }
        #expect(log.names.count == MetricsLog.mostNames)
    }
}
