import CTorchKernels
import Testing

/// How one product is stored and what it begins with.
struct Layout: CustomTestStringConvertible {
    let transposesA: Bool
    let transposesB: Bool
    let start: Int32

    static let all = [false, true].flatMap { a in
        [false, true].flatMap { b in
            [CTK_START_ZERO, CTK_START_ACCUMULATE, CTK_START_BIAS].map {
                Layout(transposesA: a, transposesB: b, start: Int32($0))
            }
        }
    }

    var testDescription: String {
        "A\(transposesA ? "ᵀ" : "") B\(transposesB ? "ᵀ" : "") from \(["zero", "C", "a bias"][Int(start)])"
    }
}

/// Numbers that look random and are the same each time.
private struct Numbers {
    private var state: UInt64

    init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }

    mutating func array(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}

struct MatrixProductTests {
    // Around the sizes of tiles, of parts of the depth, and of rows that lie a page apart.
    static let sizes = [
        (1, 1, 1), (2, 30, 2), (3, 5, 0), (12, 32, 7), (13, 33, 17), (24, 64, 256), (25, 31, 257), (32, 10, 100),
        (7, 96, 600), (64, 17, 1024), (130, 70, 300), (600, 40, 90),
    ]

    @Test(arguments: Layout.all, sizes)
    func `each element is one chain of fused multiplications and additions`(_ layout: Layout, _ size: (Int, Int, Int)) {
        let (m, n, k) = size
        var numbers = Numbers(seed: m * 31 + n * 7 + k)
        // Wider rows than the matrices: what lies between must stay.
        let (lda, ldb, ldc) = ((layout.transposesA ? m : k) + 3, (layout.transposesB ? k : n) + 5, n + 2)
        let a = numbers.array(max(1, (layout.transposesA ? k : m) * lda))
        let b = numbers.array(max(1, (layout.transposesB ? n : k) * ldb))
        let bias = numbers.array(n)
        let before = numbers.array(m * ldc)

        var c = before
        ctk_matrix_product(
            layout.transposesA, layout.transposesB, Int64(m), Int64(n), Int64(k), a, Int64(lda), b, Int64(ldb), &c,
            Int64(ldc), layout.start, bias)

        var expected = before
        for i in 0..<m {
            for j in 0..<n {
                var sum: Float = [0, before[i * ldc + j], bias[j]][Int(layout.start)]
                for step in 0..<k {
                    sum.addProduct(
                        a[layout.transposesA ? step * lda + i : i * lda + step],
                        b[layout.transposesB ? j * ldb + step : step * ldb + j])
                }
                expected[i * ldc + j] = sum
            }
        }
        #expect(c == expected)
    }

    @Test func `an element that is no number stays in its row and column`() {
        var a = [Float](repeating: 1, count: 40 * 40)
        let b = [Float](repeating: 1, count: 40 * 40)
        a[3 * 40 + 5] = .nan
        var c = [Float](repeating: 0, count: 40 * 40)
        ctk_matrix_product(false, false, 40, 40, 40, a, 40, b, 40, &c, 40, Int32(CTK_START_ZERO), nil)
        for i in 0..<40 { #expect((0..<40).allSatisfy { c[i * 40 + $0].isNaN == (i == 3) }) }
    }

    @Test func `the instructions have a name`() {
        #expect(["avx512", "avx2", "generic"].contains(String(cString: ctk_matrix_product_instructions())))
    }
}
