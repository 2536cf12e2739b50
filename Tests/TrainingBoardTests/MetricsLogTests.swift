import Foundation
import Testing

@testable import TrainingBoard

@Suite("Metrics out of bytes")
struct MetricsLogTests {
    private func read(_ text: String, into log: inout MetricsLog) -> Int {
        Array(text.utf8).withUnsafeBufferPointer { log.read($0) }
    }

    @Test("a line that is cut is left for later, and what lies before it is read")
    func cutLine() {
        var log = MetricsLog(keepsPoints: true)
        let whole = #"{"step":1,"loss":2.5}"# + "\n"
        #expect(read(whole + #"{"step":2,"lo"#, into: &log) == whole.utf8.count)
        #expect(log["loss"]?.values == [2.5])
        #expect(read(#"{"step":2,"loss":1.5}"# + "\n", into: &log) == 22)
        #expect(log["loss"]?.steps == [1, 2])
        #expect(log.unknownLines == 0)
    }

    @Test("every cut of a file, read in two pieces, gives the same points")
    func everyCut() {
        let bytes = Array(BoardFolder.metrics(1...12).utf8)
        for cut in 0...bytes.count {
            var log = MetricsLog(keepsPoints: true)
            let used = bytes[..<cut].withUnsafeBufferPointer { log.read($0) }
            _ = bytes[used...].withUnsafeBufferPointer { log.read($0) }
            #expect(log["loss"]?.count == 12)
            #expect(log.unknownLines == 0)
        }
    }

    @Test(
        "a line that is no record of a step is counted and does no harm",
        arguments: [
            "", "nonsense", "{", "{}", "[]", "null", #"{"loss":1}"#, #"{"step":"three","loss":1}"#,
            #"{"step":1,"loss":1"#,
            #"{"step":1,"loss":1}}"#, #"{"step":1,"loss":-}"#, #"{"step":1e999,"loss":1}"#, #"{"step":1,"a":[1,{"b":"#,
            "{\"step\":1,\"\\", "\u{0}\u{1}\u{2}", #"{"step":1 "loss":2}"#,
        ])
    func unknownLines(_ line: String) {
        var log = MetricsLog(keepsPoints: true)
        #expect(read(line + "\n" + #"{"step":7,"loss":1}"# + "\n", into: &log) == line.utf8.count + 21)
        #expect(log["loss"]?.steps == [7])
        #expect(log.unknownLines == (line.isEmpty ? 0 : 1))
    }

    @Test(
        "numbers are read as Swift reads them",
        arguments: [
            "0", "-0", "1", "-17", "2.31727886", "0.004178677", "1e-8", "1.5e+3", "3.4028235e38", "1E5",
            "123456789012345678",
            "0.1", "1.4706102610756516456", "9007199254740993", "5e-324", "1e308",
        ])
    func numbers(_ text: String) throws {
        let bytes = Array(text.utf8)
        var index = 0
        let value = try #require(bytes.withUnsafeBufferPointer { DecimalNumber.read($0, &index) })
        let expected = try #require(Double(text))
        // The last digit of a number of 64 bits may differ; nothing of it is seen in a curve.
        #expect(abs(value - expected) <= 4 * expected.ulp)
        #expect(index == bytes.count)
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
        #expect(log.names.count == FieldPlaces.mostNames)
    }
}
