import Foundation
import Testing

@testable import RunFiles

@Suite("Lines of metrics")
struct MetricsReaderTests {
    /// The lines of a text, with the names of their values.
    private struct Reading {
        var steps: [Int] = []
        var values: [String: [Double]] = [:]
        var reader = MetricsReader()

        init(_ text: String = "") { read(Array(text.utf8)) }

        @discardableResult
        mutating func read(_ bytes: some Collection<UInt8>) -> Int {
            Array(bytes).withUnsafeBytes { bytes in
                var place = 0
                while reader.next(in: bytes, at: &place) {
                    steps.append(reader.line.step)
                    for value in reader.line.values {
                        values[reader.names[value.name], default: []].append(value.number)
                    }
                }
                return place
            }
        }
    }

    @Test func `a line has its step, its epoch, its time and values with names`() {
        var reading = Reading(#"{"step":1,"loss":2.5,"epoch":3,"seconds":0.5,"grad norm":3}"# + "\n")
        #expect(reading.reader.line.step == 1 && reading.reader.line.epoch == 3 && reading.reader.line.seconds == 0.5)
        #expect(!reading.reader.line.isEvaluation && reading.reader.names == ["loss", "grad norm"])
        #expect(reading.values == ["loss": [2.5], "grad norm": [3]])
        reading.read(Array((#"{"evaluation_loss":1.5,"loss":1,"step":2}"# + "\n").utf8))
        #expect(
            reading.reader.line.isEvaluation && reading.reader.line.epoch == nil && reading.reader.line.seconds == nil)
        #expect(reading.reader.names == ["loss", "grad norm", "evaluation_loss"])
        #expect(reading.values["loss"] == [2.5, 1])
    }

    @Test func `numbers that are not finite are read from their texts`() {
        let texts = ["NaN", "Infinity", "-Infinity", "nan", "Infinity and more"]
        let lines = texts.enumerated().map { "{\"step\":\($0.offset),\"loss\":\"\($0.element)\"}\n" }
        let reading = Reading(lines.joined())
        let values = reading.values["loss"] ?? []
        #expect(reading.steps.count == 5 && values.count == 3)
        #expect(values[0].isNaN && values[1] == .infinity && values[2] == -.infinity)
    }

    @Test(
        "a line that is no record of a step is counted and does no harm",
        arguments: [
            "nonsense", "{", "{}", "[]", "[1,2]", "null", "{\"loss\":1}", "{\"step\":\"three\",\"loss\":1}",
            "{\"step\":1", "{\"step\":}", "{\"step\":1,\"loss\":1", "{\"step\":1,\"loss\":1} x",
            "{\"step\":1,\"loss\":1}}",
            "{\"step\":1,\"loss\":-}", "{\"step\":1,\"loss\":1e}", "{\"step\":1.5,\"loss\":1}",
            "{\"step\":1e999,\"loss\":1}",
            "{\"step\":-1,\"loss\":1}", "{\"step\":-9223372036854775808,\"loss\":1}",
            "{\"step\":99999999999999999999,\"loss\":1}", "{\"step\":1,\"loss\"1}", "{\"step\":1 \"loss\":2}",
            "{\"step\":1,\"x\":[1,}", "{\"step\":1,\"a\":[1,{\"b\":", "{\"step\":1,\"x\":nul}", "{\"step\":1,\"x\":t",
            "{\"step\":1,\"loss\":\"NaN", "{\"a\\", "{\"step\":1,\"\\", "\u{0}\u{1}\u{2}",
            String(repeating: "[", count: 5000), "{\"step\":1,\"x\":" + String(repeating: "[", count: 100),
            "{\"step\":1,\"x\":" + String(repeating: "{\"a\":", count: 100),
        ])
    func damaged(_ line: String) {
        let reading = Reading("{\"step\":1,\"loss\":1}\n\(line)\n{\"step\":2,\"loss\":0.5}\n")
        #expect(reading.steps == [1, 2] && reading.values == ["loss": [1, 0.5]])
        #expect(reading.reader.names == ["loss"] && reading.reader.unreadableLines == 1)
    }

    @Test func `lines without anything are none`() {
        let reading = Reading("\n\n  \r\n{\"step\":1,\"loss\":1}\r\n\n")
        #expect(reading.steps == [1] && reading.reader.unreadableLines == 0)
    }

    @Test func `fields of other kinds are passed over`() {
        let reading = Reading(
            "{\"note\":\"a \\\"b\\\" \\u00e9\",\"step\":1,\"flags\":[true,{\"x\":null}],\"ok\":false,\"loss\":1,\"none\":null}\n"
        )
        #expect(reading.values == ["loss": [1]] && reading.reader.unreadableLines == 0)
    }

    @Test func `a name has its signs`() {
        let reading = Reading("{\"step\":1,\"\\ud83d\\ude00 \\\"a\\\"\":2,\"é\":3}\n")
        #expect(reading.reader.names == ["😀 \"a\"", "é"])
    }

    @Test func `every cut of a file, read in two pieces, gives the same lines`() {
        let bytes = Array(
            (1...12).map { #"{"step":\#($0),"epoch":1,"loss":\#(2.0 / Double($0 + 1)),"seconds":\#($0)}"# + "\n" }
                .joined().utf8)
        for cut in 0...bytes.count {
            var reading = Reading()
            let used = reading.read(bytes[..<cut])
            #expect(used == (bytes[..<cut].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0))
            #expect(reading.read(bytes[used...]) == bytes.count - used)
            #expect(reading.steps == Array(1...12) && reading.values["loss"]?.count == 12)
            #expect(reading.reader.unreadableLines == 0)
        }
    }

    @Test(
        "numbers are read to the last bit",
        arguments: [
            "0", "-0", "1", "-17", "-17.25", "2.31727886", "0.004178677", "1e-8", "1.5e+3", "3.4028235e38", "1E5",
            "0.1", "0.30000000000000004", "0.6381870209856075", "2.33304715", "1.4706102610756516456",
            "123456789012345678", "123456789012345680", "9007199254740993", "5e-324", "1e-300", "1e308",
            "1.7976931348623157e308", "1e22", "1e23", "9007199254740991e22", "1e-22", "1e-23",
            "0.00000000000000000000000000001", "100000000000000000000000000000", "1e99999999999999999999",
            "1e-99999999999999999999",
        ])
    func numbers(_ text: String) throws {
        let value = try #require(Reading("{\"step\":1,\"loss\":\(text)}\n").values["loss"]?.first)
        let expected = try #require(Double(text))
        #expect(value.bitPattern == expected.bitPattern)
    }

    @Test func `random numbers are read as Swift reads them`() {
        var generator = SystemRandomNumberGenerator()
        let values =
            (0..<2000).map { _ in Double(bitPattern: generator.next()) }.filter(\.isFinite)
            + (0..<2000).map { _ in Double(Float.random(in: -10...10)) }
        let text = values.enumerated().map { "{\"step\":\($0.offset),\"loss\":\($0.element)}\n" }.joined()
        #expect(Reading(text).values["loss"] == values)
    }

    @Test func `values under endless names are passed over where they would fill the memory`() {
        var reader = MetricsReader(mostNames: 256)
        let text = (0..<1000).map { #"{"step":\#($0),"metric\#($0)":1}"# + "\n" }.joined()
        var (lines, values, place) = (0, 0, 0)
        Array(text.utf8).withUnsafeBytes { bytes in
            while reader.next(in: bytes, at: &place) {
                lines += 1
                values += reader.line.values.count
            }
        }
        #expect(reader.names.count == 256 && lines == 1000 && values == 256)
    }
}
