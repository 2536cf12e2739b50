import LockstepTesting
import Testing
import Torch

/// A subscript, and what it chooses from the numbers 0 to 23 in the shape (2, 3, 4).
private struct Choice: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let choose: @Sendable (Tensor) -> Tensor
    let shape: [Int]
    let elements: [Int]

    init(_ text: String, _ shape: [Int], _ elements: [Int], _ choose: @escaping @Sendable (Tensor) -> Tensor) {
        testDescription = text
        self.choose = choose
        self.shape = shape
        self.elements = elements
    }
}

private let choices = [
    Choice("[1]", [3, 4], Array(12..<24)) { $0[1] },
    Choice("[-1]", [3, 4], Array(12..<24)) { $0[-1] },
    Choice("[1, 2, 3]", [], [23]) { $0[1, 2, 3] },
    Choice("[1][2][3]", [], [23]) { $0[1][2][3] },
    Choice("[0, -1]", [4], Array(8..<12)) { $0[0, -1] },
    Choice("[.all, 0]", [2, 4], [0, 1, 2, 3, 12, 13, 14, 15]) { $0[.all, 0] },
    Choice("[.ellipsis, 2]", [2, 3], [2, 6, 10, 14, 18, 22]) { $0[.ellipsis, 2] },
    Choice("[0, .ellipsis]", [3, 4], Array(0..<12)) { $0[0, .ellipsis] },
    Choice("[.ellipsis]", [2, 3, 4], Array(0..<24)) { $0[.ellipsis] },
    Choice("[0, 1..<3, 0]", [2], [4, 8]) { $0[0, 1..<3, 0] },
    Choice("[0, 0...1, 0]", [2], [0, 4]) { $0[0, 0...1, 0] },
    Choice("[0, 1..., 0]", [2], [4, 8]) { $0[0, 1..., 0] },
    Choice("[0, ..<1]", [1, 4], [0, 1, 2, 3]) { $0[0, ..<1] },
    Choice("[0, 0, ...2]", [3], [0, 1, 2]) { $0[0, 0, ...2] },
    Choice("[0, 0, (-2)...]", [2], [2, 3]) { $0[0, 0, (-2)...] },
    Choice("[0, 0, ..<(-1)]", [3], [0, 1, 2]) { $0[0, 0, ..<(-1)] },
    Choice("[0, 0, -3 ... -1]", [3], [1, 2, 3]) { $0[0, 0, -3 ... -1] },
    Choice("[0, 0, -3 ..< -1]", [2], [1, 2]) { $0[0, 0, -3 ..< -1] },
    Choice("[0, 0, ...(-1)]", [4], [0, 1, 2, 3]) { $0[0, 0, ...(-1)] },
    Choice("[0, 0, 2..<2]", [0], []) { $0[0, 0, 2..<2] },
    Choice("[0, 0, 1..<100]", [3], [1, 2, 3]) { $0[0, 0, 1..<100] },
    Choice("[0, 0, .step(by: 2)]", [2], [0, 2]) { $0[0, 0, .step(by: 2)] },
    Choice("[0, 0, .step(from: 1, to: -1, by: 1)]", [2], [1, 2]) { $0[0, 0, .step(from: 1, to: -1, by: 1)] },
    Choice("[.newAxis, 0, 0]", [1, 4], [0, 1, 2, 3]) { $0[.newAxis, 0, 0] },
    Choice("[0, .newAxis, 0, 3]", [1], [3]) { $0[0, .newAxis, 0, 3] },
    Choice("[0, 0, [3, 0]]", [2], [3, 0]) { $0[0, 0, [3, 0]] },
    Choice("[0, [0, 2], [1, 3]]", [2], [1, 11]) { $0[0, [0, 2], [1, 3]] },
    Choice("[[1, 0], .all, 0]", [2, 3], [12, 16, 20, 0, 4, 8]) { $0[[1, 0], .all, 0] },
    Choice("[[1, 0]]", [2, 3, 4], Array(12..<24) + Array(0..<12)) { $0[[1, 0]] },
    Choice("[tensor of indices]", [2, 1, 3, 4], Array(12..<24) + Array(0..<12)) { $0[Tensor([[1], [0]])] },
    Choice("[int32 indices]", [1, 3, 4], Array(12..<24)) { $0[Tensor([-1], dtype: .int32)] },
    Choice("[x > 20]", [3], [21, 22, 23]) { $0[$0 > 20] },
    Choice("[0, mask]", [2, 4], [0, 1, 2, 3, 8, 9, 10, 11]) { $0[0, Tensor([true, false, true])] },
    Choice("[mask of two dimensions, [3, 0]]", [2], [3, 20]) {
        $0[Tensor([[true, false, false], [false, false, true]]), [3, 0]]
    },
    Choice("[mask of two dimensions, 1...2]", [2, 2], [1, 2, 21, 22]) {
        $0[Tensor([[true, false, false], [false, false, true]]), 1...2]
    },
]

/// Assignments through subscripts to six zeros in the shape (2, 3).
private let assignments: [String: (assign: @Sendable (inout Tensor) -> Void, result: [Int])] = [
    "[0] = row": ({ $0[0] = [1, 2, 3] }, [1, 2, 3, 0, 0, 0]),
    "[1] = number": ({ $0[1] = Tensor(4) }, [0, 0, 0, 4, 4, 4]),
    "[1, 2] = number": ({ $0[1, 2] = Tensor(4) }, [0, 0, 0, 0, 0, 4]),
    "[-1, -1] = number": ({ $0[-1, -1] = Tensor(4) }, [0, 0, 0, 0, 0, 4]),
    "[.all, 1] = column": ({ $0[.all, 1] = [5, 6] }, [0, 5, 0, 0, 6, 0]),
    "[.all, 1..<3] broadcast": ({ $0[.all, 1..<3] = [[7], [8]] }, [0, 7, 7, 0, 8, 8]),
    "[.ellipsis] = number": ({ $0[.ellipsis] = Tensor(1) }, [1, 1, 1, 1, 1, 1]),
    "[.step(by: 2) in columns]": ({ $0[.all, .step(by: 2)] = Tensor(1) }, [1, 0, 1, 1, 0, 1]),
    "[.all, [2, 0]] = columns": ({ $0[.all, [2, 0]] = [1, 2] }, [2, 0, 1, 2, 0, 1]),
    "[[1, 0], [0, 2]] = numbers": ({ $0[[1, 0], [0, 2]] = [8, 9] }, [0, 0, 9, 8, 0, 0]),
    "[mask] = number": ({ $0[$0.eq(0)] = Tensor(3) }, [3, 3, 3, 3, 3, 3]),
    "[0, mask] = numbers": ({ $0[0, Tensor([true, false, true])] = [1, 2] }, [1, 0, 2, 0, 0, 0]),
    "[0] converts": ({ $0[0] = [1.9, 2.1, 3] }, [1, 2, 3, 0, 0, 0]),
    "[0] += row": ({ $0[0] += Tensor([1, 2, 3]) }, [1, 2, 3, 0, 0, 0]),
    "[.all, 2] -= number": ({ $0[.all, 2] -= 2 }, [0, 0, -2, 0, 0, -2]),
    "[[0], [1]] of a view": ({ $0[0][[1]] = [4] }, [0, 4, 0, 0, 0, 0]),
]

@Suite("subscripts")
struct SubscriptTests {
    @Test("a subscript chooses what PyTorch's chooses", arguments: choices)
    private func chooses(_ choice: Choice) {
        let part = choice.choose(Tensor.arange(24).reshape(2, 3, 4))
        #expect(part.shape == choice.shape)
        #expect(part.array(of: Int.self) == choice.elements)
    }

    @Test("an assignment writes into the tensor itself", arguments: assignments.keys.sorted())
    func assigns(_ name: String) throws {
        let (assign, result) = try #require(assignments[name])
        var tensor = Tensor.zeros([2, 3], dtype: .int64)
        let before = tensor
        assign(&tensor)
        #expect(tensor === before)
        #expect(tensor.array(of: Int.self) == result)
    }

    @Test("numbers and ranges give views, indices and masks give copies")
    func viewsAndCopies() {
        let x = Tensor.arange(6).reshape(2, 3)
        #expect(x[0].sharesStorage(with: x) && x[.all, 1..<3].sharesStorage(with: x))
        #expect(!x[[0]].sharesStorage(with: x) && !x[x > 2].sharesStorage(with: x))
    }

    @Test("gradients flow back through subscripts")
    func gradients() throws {
        let x = Tensor.arange(6, dtype: .float32).reshape(2, 3).requiringGrad()
        try (x[0, 1..<3].sum() * 2 + x[.all, [0, 0]].sum() + x[x > 4].sum() * 10).backward()
        #expect(x.grad?.difference(from: [[2.0, 2, 2], [2, 0, 10]]) == nil)
    }
}
