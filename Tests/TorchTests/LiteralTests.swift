import LockstepTesting
import Testing
import Torch

@Suite("literals")
struct LiteralTests {
    @Test("the type follows the numbers, as in PyTorch")
    func types() {
        #expect(Tensor([1, 2]).dtype == .int64)
        #expect(Tensor([1, 2.5]).dtype == .float32)
        #expect(Tensor([true, false]).dtype == .bool)
        #expect(Tensor([true, 2]).difference(from: [1, 2]) == nil)
        #expect(Tensor([true, 0.5]).difference(from: [1.0, 0.5]) == nil)
        #expect(Tensor([]).summary == "[0] float32")
        #expect(Tensor([[], []]).summary == "[2, 0] float32")
        #expect(Tensor([1, 2], dtype: .float64).summary == "[2] float64")
        #expect(Tensor([1.7, -1.7], dtype: .int32).array(of: Int.self) == [1, -1])
    }

    @Test("the shape follows the brackets")
    func shapes() {
        let matrix: Tensor = [[1, 2, 3], [4, 5, 6]]
        #expect(matrix.shape == [2, 3] && matrix.array(of: Int.self) == [1, 2, 3, 4, 5, 6])
        let cube: Tensor = [[[1.5], [2]], [[3], [4]], [[5], [6]]]
        #expect(cube.shape == [3, 2, 1] && cube.dtype == .float32)
        #expect((matrix + [10, 20, 30]).difference(from: [[11, 22, 33], [14, 25, 36]]) == nil)
    }

    @Test("a number alone is a scalar")
    func scalars() {
        #expect(Tensor(3).summary == "[] int64" && Int(Tensor(3)) == 3)
        #expect(Tensor(2.5).summary == "[] float32" && Double(Tensor(2.5)) == 2.5)
        #expect(Tensor(Float(0.1)).item(as: Float.self) == 0.1)
        #expect(Tensor(0.1, dtype: .float64).item(as: Double.self) == 0.1)
        #expect(Tensor(true).summary == "[] bool" && Bool(Tensor(true)))
    }

    @Test("integers of full width keep every digit", arguments: [Int64.max, .min, 1 << 53 + 1, -7])
    func wideIntegers(_ number: Int64) {
        #expect(Tensor(number).item(as: Int64.self) == number)
        #expect(Tensor([.init(integerLiteral: number)]).array(of: Int64.self) == [number])
    }
}
