import Planning
import Testing

@Suite("Numbers with units are read")
struct QuantityTests {
    @Test(
        "a bandwidth is bytes a second",
        arguments: [
            ("10Gbit", 1.25e9), ("10gbit", 1.25e9), ("10Gbit/s", 1.25e9), ("10Gbps", 1.25e9), ("10 Gb/s", 1.25e9),
            ("25GB/s", 25e9), ("500MiB/s", 524_288_000), ("50Mbit", 6.25e6), ("1.5kbit", 187.5), ("8bit", 1),
            ("unlimited", Double.infinity), ("1_000MB/s", 1e9), ("0Gbit", 0),
        ])
    func bandwidth(_ text: String, _ expected: Double) throws {
        #expect(try Quantity.bandwidth.value(of: text) == expected)
    }

    @Test(
        "a time is seconds",
        arguments: [("50us", 50e-6), ("50µs", 50e-6), ("1.5ms", 1.5e-3), ("2s", 2), ("250ns", 250e-9), ("1min", 60)])
    func duration(_ text: String, _ expected: Double) throws {
        #expect(abs(try Quantity.duration.value(of: text) - expected) <= 1e-15 * max(1, expected))
    }

    @Test("a size is bytes", arguments: [("25MiB", 26_214_400.0), ("25MB", 25e6), ("1GiB", 1_073_741_824), ("7B", 7)])
    func size(_ text: String, _ expected: Double) throws {
        #expect(try Quantity.size.value(of: text) == expected)
    }

    @Test("a count needs no unit", arguments: [("669706", 669_706.0), ("25M", 25e6), ("1.2B", 1.2e9), ("3k", 3000)])
    func count(_ text: String, _ expected: Double) throws {
        #expect(abs(try Quantity.count.value(of: text) - expected) <= 1e-9 * expected)
    }

    @Test("a rate of operations is read", arguments: [("80GFLOP/s", 80e9), ("10TFLOPS", 10e12), ("2gflop/s", 2e9)])
    func operationRate(_ text: String, _ expected: Double) throws {
        #expect(try Quantity.operationRate.value(of: text) == expected)
    }

    @Test(
        "another text is refused, with the reason and an example",
        arguments: [
            (Quantity.bandwidth, "10", "no unit"), (.bandwidth, "10gb/s", "bits or bytes"), (.bandwidth, "", "number"),
            (.bandwidth, "fast", "number"), (.bandwidth, "-1Gbit", "negative"), (.bandwidth, "10Gbits", "Gbits"),
            (.duration, "50", "no unit"), (.duration, "50 hours", "hours"), (.duration, "nan ms", "number"),
            (.duration, "1e999s", "e999s"), (.size, "25", "no unit"), (.count, "3x", "x"),
            (.bandwidth, "1.2.3Gbit", "number"), (.operationRate, "5GB/s", "GB/s"),
        ])
    func refused(_ quantity: Quantity, _ text: String, _ reason: String) throws {
        let error = try #require(throws: PlanningError.self) { try quantity.value(of: text) }
        #expect("\(error.code)" == "invalidQuantity")
        #expect(error.message.contains(reason) && error.message.contains(quantity.example), "\(error)")
        #expect(error.message.contains("'\(text)'"))
    }

    @Test(
        "numbers are shown with three digits",
        arguments: [(0.0123, "0.0123"), (1.234, "1.23"), (123.4, "123"), (12345.6, "12346"), (0, "0")])
    func shown(_ value: Double, _ expected: String) {
        #expect(QuantityText.number(value) == expected)
    }

    @Test func `units are chosen by magnitude`() {
        #expect(QuantityText.duration(0.0123) == "12.3 ms")
        #expect(QuantityText.duration(4.5e-6) == "4.50 us")
        #expect(QuantityText.bandwidth(1.25e9) == "1.25 GB/s")
        #expect(QuantityText.bandwidth(.infinity) == "unlimited")
        #expect(QuantityText.size(46_758_048) == "46.8 MB")
        #expect(QuantityText.count(11_689_512) == "11.7 million")
        #expect(QuantityText.share(0.9734) == "97.3 %")
    }
}
