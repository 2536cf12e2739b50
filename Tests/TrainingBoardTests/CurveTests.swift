import Testing

@testable import TrainingBoard

@Suite("Curves in as many points as can be seen")
struct CurveTests {
    private func series(_ values: [Double], every: Int = 1) -> Series {
        var series = Series()
        for (index, value) in values.enumerated() { series.append(index * every, value) }
        return series
    }

    @Test("few points are all there")
    func few() {
        let series = series([3, 1, 2])
        let curve = Curve(series, series.range(from: nil, to: nil), columns: 100)
        #expect(curve.values == [3, 1, 2])
        #expect(curve.count == 3)
    }

    @Test("the extremes of every column stay, and its ends", arguments: [1, 7, 100, 777])
    func extremes(columns: Int) throws {
        var generator = Xorshift(state: 88_172_645_463_325_252)
        let values = (0..<20_000).map { _ in Double.random(in: -1...1, using: &generator) }
        var series = series(values)
        series.append(20_000, 50)
        series.append(20_001, -50)
        let range = series.range(from: nil, to: nil)
        let curve = Curve(series, range, columns: columns)
        #expect(curve.steps.count <= 4 * columns)
        #expect(curve.steps.first == 0)
        #expect(curve.steps.last == 20_001)
        #expect(zip(curve.steps, curve.steps.dropFirst()).allSatisfy { $0 < $1 })
        let width = 20_002.0 / Double(columns)
        for column in 0..<columns {
            let inside = { (step: Int32) in Int(Double(step) / width) == column }
            let all = zip(series.steps, series.values).filter { inside($0.0) }.map(\.1)
            let drawn = zip(curve.steps, curve.values).filter { inside($0.0) }.map(\.1)
            #expect(drawn.min() == all.min())
            #expect(drawn.max() == all.max())
        }
    }

    @Test("a range of steps is taken with both its ends")
    func range() {
        let series = series([0, 1, 2, 3, 4, 5], every: 10)
        #expect(series.range(from: 10, to: 30) == 1..<4)
        #expect(series.range(from: 11, to: 29) == 2..<3)
        #expect(series.range(from: nil, to: .max) == 0..<6)
        #expect(series.range(from: 70, to: 90).isEmpty)
        #expect(series.range(from: 40, to: 10).isEmpty)
    }

    @Test(
        "values that are not finite are named by their steps, however many points there are", arguments: [10, 10_000])
    func notFinite(count: Int) {
        var values = [Double](repeating: 1, count: count)
        values[3] = .nan
        values[7] = .infinity
        let series = series(values)
        let curve = Curve(series, series.range(from: nil, to: nil), columns: 10)
        #expect(curve.notFinite == [3, 7])
        #expect(curve.values.allSatisfy { $0 == 1 })
    }

    @Test("smoothing begins at the first value and follows the rest")
    func smoothing() {
        let smoothed = series([4, 4, 4, .nan, 8]).smoothed(0.5)
        #expect(smoothed.values.prefix(3).allSatisfy { abs($0 - 4) < 1e-6 })
        #expect(smoothed.values[3].isNaN)
        #expect(abs(smoothed.values[4] - Float(4 + 4 * 0.5 / 0.9375)) < 1e-5)
    }

    private struct Xorshift: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}
