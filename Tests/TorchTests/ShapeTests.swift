import LockstepTesting
import Testing
import Torch

@Suite("shape operations")
struct ShapeTests {
    private let cube = Tensor.arange(24).reshape(2, 3, 4)

    @Test("views share their elements, copies do not")
    func sharing() {
        let views = [
            cube.reshape(6, 4), cube.view(-1), cube.transpose(0, 2), cube.permute(2, 0, 1), cube.unsqueeze(dim: 0),
            cube.flatten(from: 1), cube[0], cube[1, 1..<3], cube.narrow(dim: 2, start: 1, length: 2), cube.detach(),
            cube.diagonal(dim0: 1, dim1: 2), cube.contiguous(), cube.to(.int64), cube.squeeze(),
            cube.select(dim: 1, 0).unsqueeze(dim: 1).expand(2, 5, 4), cube.split(2, dim: 2)[1],
            cube.chunk(3, dim: 1)[2],
        ]
        for view in views { #expect(view.sharesStorage(with: cube), "\(view.shape)") }
        let copies = [
            cube.clone(), cube.to(.float32), cube.transpose(0, 2).contiguous(), cube.flip(dims: [0]),
            cube.repeat([1, 1, 1]), cube.pad([0, 0]), .cat([cube]), .stack([cube]), cube[[0, 1]], cube.tril(),
        ]
        for copy in copies { #expect(!copy.sharesStorage(with: cube), "\(copy.shape)") }
    }

    @Test("sizes, strides and layout follow a transposition")
    func layout() {
        #expect(cube.strides == [12, 4, 1] && cube.isContiguous)
        let turned = cube.transpose(0, 2)
        #expect(turned.shape == [4, 3, 2] && turned.strides == [1, 4, 12] && !turned.isContiguous)
        #expect(turned.contiguous().strides == [6, 2, 1])
        #expect(cube.size(0) == 2 && cube.size(-1) == 4)
        #expect(turned.array(of: Int.self).prefix(4) == [0, 12, 4, 16])
    }

    @Test("parts of all kinds", arguments: [0, 1, 2, 3, 4, 5, 7])
    func parts(_ size: Int) {
        let row = Tensor.arange(size)
        for step in 1...4 {
            let parts = row.split(step)
            #expect(Tensor.cat(parts).isEqual(to: row))
            #expect(parts.dropLast().allSatisfy { $0.count == step })
            #expect(Tensor.cat(row.chunk(step)).isEqual(to: row))
            #expect(row.chunk(step).count <= step)
        }
        #expect(row.unsqueeze(dim: 0).split(1, dim: 1).flatMap { $0.array(of: Int.self) } == Array(0..<size))
    }

    @Test("padding, repetition and diagonals")
    func padding() {
        let x: Tensor = [[1, 2], [3, 4]]
        #expect(x.pad([1, 0], value: 9).difference(from: [[9, 1, 2], [9, 3, 4]]) == nil)
        #expect(x.pad([0, 0, 0, 1]).difference(from: [[1, 2], [3, 4], [0, 0]]) == nil)
        #expect(x.repeat([1, 2]).difference(from: [[1, 2, 1, 2], [3, 4, 3, 4]]) == nil)
        #expect(x.diagonal().difference(from: [1, 4]) == nil)
        #expect(x.diagonal(offset: 1).difference(from: [2]) == nil)
    }

    @Test("scatter writes where the indices say")
    func scatter() {
        let zeros = Tensor.zeros([2, 3], dtype: .int64)
        let result = zeros.scatter(dim: 1, [[2], [0]], [[5], [6]])
        #expect(result.difference(from: [[0, 0, 5], [6, 0, 0]]) == nil)
        #expect(zeros.sum().item(as: Int.self) == 0)
        #expect(Tensor([1, 1, 4]).bincount(minLength: 6).difference(from: [0, 2, 0, 0, 1, 0]) == nil)
    }
}
