import Foundation
import Testing

@testable import Tracking

@Suite("Numbers as JSON")
struct NumberTextTests {
    private func text(_ value: RecordValue) -> String {
        var json = JSONBytes()
        json.append(value)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test(
        "32-bit numbers are written as C's %.9g writes them",
        arguments: [
            0, -0, 1, -1, 0.1, 0.25, 1.0 / 3, 2.3025851, 1e-4, 9.9999e-5, 1e-5, 99_999_992, 123_456_792, 999_999_936,
            1e9, 1e10, 16_777_216, 1_234_567.125, .pi, 1e-37, .greatestFiniteMagnitude, .leastNormalMagnitude,
            .leastNonzeroMagnitude, 42 * .leastNonzeroMagnitude, -7.5e-20, 0.99999994, 0.000099999997,
        ] as [Float])
    func nineDigits(_ value: Float) {
        #expect(text(.single(value)) == String(format: "%.9g", Double(value)))
    }

    @Test("any 32-bit number reads back as itself")
    func singleRoundTrip() {
        var bits: UInt32 = 0
        for _ in 0..<20_000 {
            bits = bits &+ 0x9E37_79B9
            let value = Float(bitPattern: bits)
            guard value.isFinite else { continue }
            #expect(Float(text(.single(value))) == value, "\(value)")
        }
    }

    @Test(
        "64-bit numbers read back as themselves",
        arguments: [
            0.0, -0.0, 0.1, 1.0 / 3, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e16, 1e-5, 123456789.123456789,
        ])
    func numberRoundTrip(_ value: Double) throws {
        let read = try #require(Double(text(.number(value))))
        #expect(read.bitPattern == value.bitPattern)
    }

    @Test("numbers that are not finite become texts")
    func notFinite() {
        let values: [RecordValue] = [
            .number(.nan), .number(.infinity), .number(-.infinity), .single(-.nan), .single(.infinity),
            .single(-.infinity),
        ]
        #expect(
            text(.list(values)) == #"["NaN","Infinity","-Infinity","NaN","Infinity","-Infinity"]"#)
    }

    @Test("every kind of value is JSON that Foundation reads")
    func validJSON() throws {
        let record: MetricsRecord = [
            "step": 3, "loss": 0.5, "single": .single(0.1), "name \"ü\"\n\u{1}\u{1F}\\": "tab\t😀", "done": true,
            "nothing": nil, "list": [1, "two", 3.5, []], "smallest": .integer(.min),
            "tiny": .number(.leastNonzeroMagnitude),
        ]
        var json = JSONBytes()
        json.append(record)
        let read = try #require(try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: Any])
        #expect(read.count == record.fields.count)
        #expect(read["name \"ü\"\n\u{1}\u{1F}\\"] as? String == "tab\t😀")
        #expect(read["smallest"] as? Int == .min)
        #expect((read["list"] as? [Any])?.count == 4)
        #expect(!json.bytes.contains(UInt8(ascii: "\n")))
    }

    @Test("a record keeps the order of its names")
    func order() {
        var record: MetricsRecord = ["z": 1, "a": 2, "z": 3]
        record["m"] = 4
        record["a"] = nil
        record["a"] = 5
        #expect(record.fields.map(\.name) == ["z", "m", "a"])
        #expect(record["z"] == 3)
    }
}
