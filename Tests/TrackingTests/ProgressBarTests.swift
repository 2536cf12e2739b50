import Testing

@testable import Tracking

@Suite("A progress bar is a line of text")
struct ProgressBarTests {
    private static let half = ProgressBar(
        "Epoch 1/5", completed: 937, total: 1875, elapsed: 3.7, rate: 250.4, loss: 0.43125)

    @Test(
        "what does not fit is left out, the bar first",
        arguments: [
            (20, "Epo...  49% 937/1875"), (40, "Epoch 1/5  49% 937/1875 [00:03<00:03]"),
            (80, "Epoch 1/5  49%|#######        | 937/1875 [00:03<00:03, 250 steps/s, loss 0.4313]"),
        ])
    func widths(_ width: Int, _ expected: String) {
        let line = Self.half.line(width: width, style: .init(usesUnicode: false))
        #expect(line == expected)
        #expect(line.count <= width)
    }

    @Test("no line is wider than asked", arguments: 0...220)
    func neverWider(_ width: Int) {
        let bars = [
            Self.half,
            ProgressBar("", completed: 0, total: 0),
            ProgressBar(
                "層 1/5 😀 größe", completed: 12_345_678, total: 99_999_999, elapsed: 1e6, rate: 1e-3, loss: -.nan),
            ProgressBar("unknown total", completed: 7, total: nil, elapsed: 61, rate: 2),
            ProgressBar(
                String(repeating: "long ", count: 50), completed: 5, total: 5, elapsed: 9, rate: 1e9, loss: 1e-9),
        ]
        for bar in bars {
            for unicode in [true, false] {
                let line = bar.line(width: width, style: .init(usesUnicode: unicode))
                #expect(DisplayText(line).width <= width, "\(line)")
            }
        }
    }

    @Test("a wide line has a bar of eighths, filled in proportion")
    func unicodeBar() {
        var bar = ProgressBar("x", completed: 0, total: 400)
        let filled = [0, 1, 4, 8, 200, 400].map { completed -> String in
            bar.completed = completed
            return bar.line(width: 200).split(separator: "|")[1].description
        }
        #expect(filled.allSatisfy { $0.count == 50 })
        #expect(
            filled.map { $0.trimmed } == [
                "", "▏", "▌", "█", String(repeating: "█", count: 25), String(repeating: "█", count: 50),
            ])
    }

    @Test("colour is only what escape codes add")
    func color() {
        let plain = Self.half.line(width: 80, style: .init())
        let colored = Self.half.line(width: 80, style: .init(usesColor: true))
        #expect(!plain.contains("\u{1B}"))
        #expect(colored.contains("\u{1B}[36m") && colored.contains("\u{1B}[39m"))
        #expect(
            colored.replacing("\u{1B}[36m", with: "").replacing("\u{1B}[39m", with: "") == plain)
    }

    @Test(
        "percentages are rounded down, and end at 100",
        arguments: [(0, 0, "100%"), (1, 1000, "  0%"), (999, 1000, " 99%"), (1000, 1000, "100%"), (1001, 1000, "100%")])
    func percentage(_ completed: Int, _ total: Int, _ expected: String) {
        #expect(ProgressBar("", completed: completed, total: total).line(width: 9).hasPrefix(expected))
    }

    @Test(
        "times and speeds are written for people",
        arguments: [
            (0, nil, "00:00<--:--"), (59.9, 0.5, "00:59<01:40, 2.00 s/step"), (3600, 50, "1:00:00<00:01, 50.0 steps/s"),
            (360_000, 100, "100:00:00<00:00, 100 steps/s"),
        ] as [(Double, Double?, String)])
    func times(_ elapsed: Double, _ rate: Double?, _ expected: String) {
        let line = ProgressBar("", completed: 50, total: 100, elapsed: elapsed, rate: rate).line(
            width: 200, style: .plain)
        #expect(line.hasSuffix("[\(expected)]"), "\(line)")
    }

    @Test("a description cannot break the line")
    func controlCharacters() {
        let line = ProgressBar("a\nb\r\nc\u{1B}[2J", completed: 1, total: 2).line(width: 80)
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test("without a total there is neither bar nor percentage nor end")
    func unknownTotal() {
        let line = ProgressBar("Reading", completed: 7, total: nil, elapsed: 2, rate: 3.5, unit: "file").line(width: 80)
        #expect(line == "Reading 7 [00:02, 3.5 files/s]")
    }

    @Test("the estimate of constant work is exact from the first observation on", arguments: [0.001, 0.5, 60])
    func constantWork(_ secondsPerStep: Double) throws {
        var rate = ProgressRate()
        #expect(rate.perSecond == nil)
        for _ in 0..<100 {
            rate.observe(steps: 3, seconds: 3 * secondsPerStep)
            #expect(abs(try #require(rate.perSecond) * secondsPerStep - 1) < 1e-9)
        }
    }

    @Test("a slow first step is forgotten after a tenth of a minute-long run")
    func slowStart() throws {
        var rate = ProgressRate()
        rate.observe(steps: 1, seconds: 5)
        for _ in 0..<120 { rate.observe(steps: 10, seconds: 0.1) }
        let perSecond = try #require(rate.perSecond)
        #expect((80...100).contains(perSecond))
    }
}

extension String {
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
