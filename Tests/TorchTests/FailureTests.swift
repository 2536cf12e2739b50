import LockstepTesting
import Testing
import Torch

/// A mistake of the program's, and what its last words have to say.
private struct Mistake: Sendable {
    let words: [String]
    let make: @Sendable () -> Void
    init(_ words: String..., make: @escaping @Sendable () -> Void) {
        self.words = words
        self.make = make
    }
}

private let mistakes: [String: Mistake] = [
    "shapes that do not broadcast": Mistake(
        "add: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 0",
        "operands: [3] float32, [4] float32"
    ) { _ = Tensor.ones([3]) + Tensor.ones([4]) },
    "matrices that do not fit": Mistake(
        "matmul: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)",
        "operands: [2, 3] float32, [2, 3] float64"
    ) { _ = Tensor.ones([2, 3]).matmul(.ones([2, 3], dtype: .float64)) },
    "a shape of another size": Mistake("reshape: shape '[4]' is invalid for input of size 6", "operands: [2, 3]") {
        _ = Tensor.ones([2, 3]).reshape(4)
    },
    "an index out of range": Mistake("select: ", "index 5 out of range", "operands: [2, 3] int64") {
        _ = Tensor([[1, 2, 3], [4, 5, 6]])[5]
    },
    "too many indices": Mistake("3 indices for a tensor of 2 dimensions", "operands: [2, 2] int64") {
        _ = Tensor([[1, 2], [3, 4]])[0, 0, 0]
    },
    "a dimension that is not there": Mistake("sum: Dimension out of range", "operands: [2] int64") {
        _ = Tensor([1, 2]).sum(dim: 3)
    },
    "several elements as one": Mistake("item: a Tensor with 2 elements cannot be converted to Scalar") {
        _ = Tensor([1, 2]).item(as: Int.self)
    },
    "rows of different lengths": Mistake("a tensor literal has rows of the shapes [2] and [1]") {
        let _: Tensor = [[1, 2], [3]]
    },
    "rows of different depths": Mistake("a tensor literal has rows of the shapes [] and [1]") {
        let _: Tensor = [1, [2]]
    },
    "elements that do not fill the shape": Mistake("3 elements do not fill the shape [2, 2]") {
        _ = Tensor(copying: [1, 2, 3], shape: [2, 2])
    },
    "tensors of different shapes stacked": Mistake("stack: ", "equal size", "operands: [1] int64, [2] int64") {
        _ = Tensor.stack([[1], [1, 2]])
    },
    "bytes out of order": Mistake("only a contiguous tensor on the CPU has bytes in order") {
        Tensor([[1, 2], [3, 4]]).transpose(0, 1).withUnsafeBytes { _ in }
    },
    "elements of another type": Mistake("the elements are int64, not float32; use to(.float32)") {
        Tensor([1, 2]).withUnsafeBuffer(of: Float.self) { _ in }
    },
    "gradients of integers": Mistake("requiresGrad: ", "floating", "operands: [2] int64") {
        Tensor([1, 2]).requiresGrad = true
    },
    "a gradient of another shape": Mistake("grad: a gradient has its tensor's shape, type and device", "[2]", "[3]") {
        let x = Tensor([1.0, 2]).requiringGrad()
        x.grad = Tensor([1.0, 2, 3])
    },
    "a parameter changed while it is recorded": Mistake(
        "a leaf Variable that requires grad is being used in an in-place operation", "operands: [2] float32"
    ) {
        let x = Tensor([1.0, 2]).requiringGrad()
        x += 1
    },
    "a row that is not there": Mistake("rows: row 3 was asked for, but there are 3", "operands: [3] float32") {
        _ = Tensor([1.0, 2, 3]).rows([0, 3])
    },
    "a device that is not there": Mistake("to: ", "operands: [1] float32") {
        _ = Tensor([1.0]).to(.cuda(99))
    },
    "an equation that makes no sense": Mistake("einsum: ", "operands: [2] float32") {
        _ = Tensor.einsum("i->j", .ones([2]))
    },
]

@Suite("failures")
struct FailureTests {
    @Test("a mistake stops the program with LibTorch's words and the operands", arguments: mistakes.keys.sorted())
    func stops(_ name: String) async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [name] in
            mistakes[name]?.make()
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        for words in try #require(mistakes[name]).words { #expect(text.contains(words), "\(text)") }
    }

    @Test("a program goes on after an error that was caught")
    func goesOn() throws {
        let generator = Generator(seed: 1)
        for _ in 0..<3 {
            #expect(throws: TorchError.self) { try generator.load(Tensor([1])) }
            #expect((Tensor([1]) + 1).item(as: Int.self) == 2)
        }
    }

    @Test("messages belong to the thread that failed")
    func errorsOfThreads() async {
        await withTaskGroup(of: String?.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let shape = [number + 2]
                    do {
                        try Tensor.ones(shape).requiringGrad().backward(gradient: .ones([number + 20]))
                        return nil
                    } catch {
                        let text = "\(error)"
                        return text.contains("[\(number + 20)]") && text.contains("\(shape)") ? "" : text
                    }
                }
            }
            for await message in group { #expect(message == "") }
        }
    }
}
