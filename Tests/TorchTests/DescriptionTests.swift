import Testing
import Torch

@Suite("printing")
struct DescriptionTests {
    @Test(
        "small tensors print as in PyTorch",
        arguments: [
            (Printed { Tensor(2.5) }, "tensor(2.5000)"),
            (Printed { Tensor(5.0) }, "tensor(5.)"),
            (Printed { Tensor(3) }, "tensor(3)"),
            (Printed { Tensor(1e-7) }, "tensor(1.0000e-07)"),
            (Printed { Tensor(Double.nan) }, "tensor(nan)"),
            (Printed { [1, 2.5, -3] }, "tensor([ 1.0000,  2.5000, -3.0000])"),
            (Printed { [1.0, 2, -10] }, "tensor([  1.,   2., -10.])"),
            (Printed { [-0.0, 1] }, "tensor([-0., 1.])"),
            (Printed { [0.0, 0] }, "tensor([0., 0.])"),
            (Printed { [[1, -20], [300, 4]] }, "tensor([[  1, -20],\n        [300,   4]])"),
            (Printed { [true, false] }, "tensor([ true, false])"),
            (Printed { [1e-5, 1] }, "tensor([1.0000e-05, 1.0000e+00])"),
            (Printed { [1.0, 10000] }, "tensor([1.0000e+00, 1.0000e+04])"),
            (Printed { [123_456_789.0, 1] }, "tensor([1.2346e+08, 1.0000e+00])"),
            (Printed { Tensor([.nan, .infinity, -.infinity, 1.5]) }, "tensor([   nan,    inf,   -inf, 1.5000])"),
            (Printed { Tensor([.nan, 1.0]) }, "tensor([nan, 1.])"),
            (Printed { [] }, "tensor([])"),
            (Printed { .zeros([2, 0, 3]) }, "tensor([], size: [2, 0, 3])"),
            (Printed { .zeros([0], dtype: .int32) }, "tensor([], dtype: int32)"),
            (Printed { Tensor([0.1, 0.2], dtype: .float64) }, "tensor([0.1000, 0.2000], dtype: float64)"),
            (Printed { Tensor([0.1, 0.2], dtype: .float16) }, "tensor([0.1000, 0.2000], dtype: float16)"),
            (Printed { Tensor([1, 2], dtype: .uint8) }, "tensor([1, 2], dtype: uint8)"),
            (Printed { Tensor([1.0]).requiringGrad() }, "tensor([1.], requiresGrad: true)"),
            (
                Printed { Tensor(copying: [Int64.max, .min]) },
                "tensor([ 9223372036854775807, -9223372036854775808])"
            ),
        ])
    private func small(_ tensor: Printed, _ text: String) {
        #expect(tensor.text() == text)
    }

    @Test("dimensions are told apart by empty lines")
    func nested() {
        let text = """
            tensor([[[ 0.,  1.,  2.,  3.],
                     [ 4.,  5.,  6.,  7.],
                     [ 8.,  9., 10., 11.]],

                    [[12., 13., 14., 15.],
                     [16., 17., 18., 19.],
                     [20., 21., 22., 23.]]])
            """
        #expect("\(Tensor.arange(24, dtype: .float32).reshape(2, 3, 4))" == text)
    }

    @Test("long rows continue on the next line")
    func longRows() {
        let text = """
            tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,
                    18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])
            """
        #expect("\(Tensor.arange(30))" == text)
    }

    @Test("of more than a thousand elements the edges are shown")
    func abbreviated() {
        let row = """
            tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,
                    1.9990e+03])
            """
        #expect("\(Tensor.arange(2000, dtype: .float32))" == row)
        let matrix = """
            tensor([[   0,    1,    2,  ...,   47,   48,   49],
                    [  50,   51,   52,  ...,   97,   98,   99],
                    [ 100,  101,  102,  ...,  147,  148,  149],
                    ...,
                    [1850, 1851, 1852,  ..., 1897, 1898, 1899],
                    [1900, 1901, 1902,  ..., 1947, 1948, 1949],
                    [1950, 1951, 1952,  ..., 1997, 1998, 1999]])
            """
        #expect("\(Tensor.arange(2000).reshape(40, 50))" == matrix)
        let tall = """
            tensor([[0.5000, 0.5000],
                    [0.5000, 0.5000],
                    [0.5000, 0.5000],
                    ...,
                    [0.5000, 0.5000],
                    [0.5000, 0.5000],
                    [0.5000, 0.5000]])
            """
        #expect("\(Tensor.full([1001, 2], 0.5))" == tall)
    }

    @Test("a summary has shape and type")
    func summary() {
        #expect(Tensor.zeros([32, 784]).summary == "[32, 784] float32")
        #expect(Tensor(true).summary == "[] bool")
    }
}

/// Makes a tensor for printing on the thread of the test.
private struct Printed: Sendable {
    let make: @Sendable () -> Tensor
    func text() -> String { make().description }
}

extension TensorLiteral {
    fileprivate static var nan: TensorLiteral { TensorLiteral(floatLiteral: .nan) }
    fileprivate static var infinity: TensorLiteral { TensorLiteral(floatLiteral: .infinity) }
    fileprivate static prefix func - (literal: TensorLiteral) -> TensorLiteral {
        guard case .number(let number) = literal else { return literal }
        return TensorLiteral(floatLiteral: -number.doubleValue)
    }
}
