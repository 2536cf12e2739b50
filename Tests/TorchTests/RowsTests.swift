import Testing

@testable import Torch

struct RowsTests {
    private static var sources: [(String, Tensor)] {
        [
            ("one dimension", Tensor.arange(7)),
            ("rows of three", Tensor.randn([5, 3])),
            ("images", Tensor.randn([4, 2, 3, 3], dtype: .float64)),
            ("turned", Tensor.randn([3, 6]).transpose(0, 1)),
            ("every other column", Tensor.randn([5, 8])[.all, .step(by: 2)]),
            ("empty rows", Tensor.zeros([4, 0])),
        ]
    }

    @Test func `rows are those that index_select takes`() {
        for (name, source) in Self.sources {
            for indices in [[0], [3, 0, 3], [], [2, 1, 0, 3]] {
                let chosen = source.rows(indices)
                let expected = source.indexSelect(dim: 0, Tensor(copying: indices.map { Int64($0) }))
                #expect(chosen.shape == expected.shape && chosen.dtype == expected.dtype, "\(name), \(indices)")
                #expect(chosen.isEqual(to: expected), "\(name), \(indices)")
            }
        }
    }

    @Test func `rows of a part of an array are taken, and of other collections`() {
        let source = Tensor.arange(10)
        #expect(source.rows([1, 2, 3, 4][1...2]).isEqual(to: Tensor([2, 3])))
        #expect(source.rows(stride(from: 9, to: 0, by: -4).map { $0 }).isEqual(to: Tensor([9, 5, 1])))
        #expect(source.rows(4..<6).isEqual(to: Tensor([4, 5])))
    }

    @Test func `gradients reach the rows that were taken`() throws {
        let source = Tensor.zeros([3, 2]).requiringGrad()
        try source.rows([2, 0, 2]).sum().backward()
        #expect(try #require(source.grad).isEqual(to: [[1, 1], [0, 0], [2, 2]]))
    }
}
