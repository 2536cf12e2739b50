import LockstepTesting
import Testing
import Torch

@Suite("creation")
struct CreationTests {
    @Test("constant tensors have their shape, type and value", arguments: [[], [0], [3], [2, 0, 4], [2, 3, 4]])
    func constants(_ shape: [Int]) {
        let count = shape.reduce(1, *)
        for dtype in DType.allCases {
            #expect(Tensor.empty(shape, dtype: dtype).shape == shape)
            let made: [(Tensor, Double)] = [
                (.zeros(shape, dtype: dtype), 0), (.ones(shape, dtype: dtype), 1),
                (.full(shape, true, dtype: dtype), 1), (.full(shape, 1, dtype: dtype), 1),
            ]
            for (tensor, value) in made {
                #expect(tensor.shape == shape && tensor.dtype == dtype && tensor.device == .cpu)
                #expect(tensor.count == count && tensor.dim == shape.count && tensor.isContiguous)
                #expect(tensor.array(of: Double.self) == Array(repeating: value, count: count))
            }
        }
    }

    @Test("a tensor made like another has its shape and type")
    func likeAnother() {
        let other = Tensor([[1, 2, 3]], dtype: .float64)
        #expect(Tensor.zeros(like: other).difference(from: Tensor([[0, 0, 0]], dtype: .float64)) == nil)
        #expect(Tensor.ones(like: other).difference(from: Tensor([[1, 1, 1]], dtype: .float64)) == nil)
        #expect(Tensor.full(like: other, 7).difference(from: Tensor([[7, 7, 7]], dtype: .float64)) == nil)
        #expect(Tensor.empty(like: other).summary == other.summary)
    }

    @Test("ranges have PyTorch's types")
    func ranges() {
        #expect(Tensor.arange(4).difference(from: [0, 1, 2, 3]) == nil)
        #expect(Tensor.arange(3, dtype: .float32).difference(from: [0.0, 1, 2]) == nil)
        #expect(Tensor.arange(5, 0, step: -2).difference(from: [5, 3, 1]) == nil)
        #expect(Tensor.arange(0.0, 1, step: 0.25).difference(from: [0, 0.25, 0.5, 0.75]) == nil)
        #expect(Tensor.arange(Int32(1), 3, step: 1).dtype == .int32)
        #expect(Tensor.arange(0).shape == [0])
        #expect(Tensor.linspace(1, 2, steps: 1).difference(from: [1.0]) == nil)
        #expect(Tensor.linspace(0, 1, steps: 3, dtype: .float64).dtype == .float64)
        #expect(Tensor.eye(2).difference(from: [[1.0, 0], [0, 1]]) == nil)
    }

    @Test("copied elements keep their type and order")
    func copies() {
        #expect(Tensor(copying: [1, 2, 3, 4] as [UInt8], shape: [2, 2]).summary == "[2, 2] uint8")
        #expect(Tensor(copying: [Float]()).summary == "[0] float32")
        let values: [Int16] = [-32768, 0, 32767]
        #expect(Tensor(copying: values).array(of: Int16.self) == values)
        #expect(Tensor(copying: [true, false]).array(of: Bool.self) == [true, false])
        #expect(Tensor(copying: [Int64.max, .min]).array(of: Int64.self) == [.max, .min])
        #expect(Tensor(copying: [3.5], shape: []).item(as: Double.self) == 3.5)
    }

    @Test("raw bytes become elements")
    func rawBytes() throws {
        let numbers: [Int32] = [1, -2, 1 << 30, 4]
        let tensor = try numbers.withUnsafeBytes { try Tensor(bytes: $0, shape: [2, 2], dtype: .int32) }
        #expect(tensor.shape == [2, 2] && tensor.array(of: Int32.self) == numbers)
        let empty = try Tensor(bytes: UnsafeRawBufferPointer(start: nil, count: 0), shape: [0, 7], dtype: .float64)
        #expect(empty.summary == "[0, 7] float64")
    }

    @Test(
        "a shape that does not fit the bytes is an error with both numbers",
        arguments: [
            ([3], "has 12 bytes, but 8 were given"), ([], "has 4 bytes, but 8 were given"),
            ([-2], "has no possible number of bytes"), ([-1, -2], "has no possible number of bytes"),
            ([1 << 40, 1 << 40], "has no possible number of bytes"),
        ])
    func wrongByteCount(_ shape: [Int], _ words: String) throws {
        let error = try #require(throws: TorchError.self) {
            _ = try [0, 0].map(Float.init).withUnsafeBytes { try Tensor(bytes: $0, shape: shape, dtype: .float32) }
        }
        #expect(error.code == .value)
        #expect(error.message.contains(words) && error.message.contains("\(shape)"))
        #expect(error.location.contains("Tensor+Creation.swift"))
    }
}
