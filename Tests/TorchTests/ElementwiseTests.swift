import Foundation
import LockstepTesting
import Testing
import Torch

/// An operation and the function that it computes for each element.
private struct Formula: Sendable, CustomTestStringConvertible {
    let name: String
    let operation: @Sendable (Tensor) -> Tensor
    let function: @Sendable (Double) -> Double
    var points: [Double] = [-2.5, -1, -0.75, -0.1, 0, 0.3, 0.5, 1, 1.5, 2.25]
    var testDescription: String { name }

    static let positive = [1e-3, 0.1, 0.5, 1, 2, 10, 1e3]
}

private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

private let formulas = [
    Formula(name: "abs", operation: { $0.abs() }, function: abs),
    Formula(name: "sign", operation: { $0.sign() }, function: { $0 == 0 ? 0 : $0 < 0 ? -1 : 1 }),
    Formula(name: "exp", operation: { $0.exp() }, function: exp),
    Formula(name: "expm1", operation: { $0.expm1() }, function: expm1),
    Formula(name: "log", operation: { $0.log() }, function: log, points: Formula.positive),
    Formula(name: "log1p", operation: { $0.log1p() }, function: log1p, points: [-0.5, 0, 1e-9, 1, 5]),
    Formula(name: "log2", operation: { $0.log2() }, function: log2, points: Formula.positive),
    Formula(name: "sqrt", operation: { $0.sqrt() }, function: { $0.squareRoot() }, points: Formula.positive),
    Formula(name: "rsqrt", operation: { $0.rsqrt() }, function: { 1 / $0.squareRoot() }, points: Formula.positive),
    Formula(name: "square", operation: { $0.square() }, function: { $0 * $0 }),
    Formula(name: "reciprocal", operation: { $0.reciprocal() }, function: { 1 / $0 }, points: Formula.positive),
    Formula(name: "sin", operation: { $0.sin() }, function: sin),
    Formula(name: "cos", operation: { $0.cos() }, function: cos),
    Formula(name: "tan", operation: { $0.tan() }, function: tan, points: [-1, -0.2, 0, 0.7, 1.2]),
    Formula(name: "tanh", operation: { $0.tanh() }, function: tanh),
    Formula(name: "sigmoid", operation: { $0.sigmoid() }, function: logistic),
    Formula(name: "relu", operation: { $0.relu() }, function: { max(0, $0) }),
    Formula(name: "silu", operation: { $0.silu() }, function: { $0 * logistic($0) }),
    Formula(name: "softplus", operation: { $0.softplus() }, function: { log1p(exp($0)) }),
    Formula(name: "erf", operation: { $0.erf() }, function: erf),
    Formula(name: "erfinv", operation: { $0.erf().erfinv() }, function: { $0 }, points: [-1.5, -0.5, 0, 0.2, 1]),
    Formula(name: "floor", operation: { $0.floor() }, function: floor),
    Formula(name: "ceil", operation: { $0.ceil() }, function: ceil),
    Formula(name: "round", operation: { $0.round() }, function: { $0.rounded(.toNearestOrEven) }),
    Formula(name: "trunc", operation: { $0.trunc() }, function: trunc),
    Formula(name: "-x", operation: { -$0 }, function: { -$0 }),
    Formula(name: "x + 1.5", operation: { $0 + 1.5 }, function: { $0 + 1.5 }),
    Formula(name: "1.5 + x", operation: { 1.5 + $0 }, function: { 1.5 + $0 }),
    Formula(name: "x - 2", operation: { $0 - 2 }, function: { $0 - 2 }),
    Formula(name: "2 - x", operation: { 2 - $0 }, function: { 2 - $0 }),
    Formula(name: "x * 3", operation: { $0 * 3 }, function: { $0 * 3 }),
    Formula(name: "0.5 * x", operation: { 0.5 * $0 }, function: { 0.5 * $0 }),
    Formula(name: "x / 4", operation: { $0 / 4 }, function: { $0 / 4 }),
    Formula(name: "4 / x", operation: { 4 / $0 }, function: { 4 / $0 }, points: Formula.positive),
    Formula(name: "x % 2", operation: { $0 % 2 }, function: { $0 - 2 * floor($0 / 2) }),
    Formula(name: "x // 0.5", operation: { $0.floorDivide(0.5) }, function: { floor($0 / 0.5) }),
    Formula(name: "x ** 3", operation: { $0.pow(3) }, function: { $0 * $0 * $0 }),
    Formula(name: "2 ** x", operation: { .pow(2, $0) }, function: { pow(2, $0) }),
    Formula(name: "clamp", operation: { $0.clamp(min: -1, max: 0.5) }, function: { min(max($0, -1), 0.5) }),
    Formula(name: "lerp", operation: { $0.lerp($0 + 4, weight: 0.25) }, function: { $0 + 1 }),
    Formula(name: "atan2", operation: { $0.atan2($0 * $0 + 1) }, function: { atan2($0, $0 * $0 + 1) }),
]

/// A change in place and the function that it computes for each element.
private let changes: [String: (change: @Sendable (Tensor) -> Void, function: @Sendable (Double) -> Double)] = [
    "+= tensor": ({ $0 += Tensor(copying: [0.5]).to($0.dtype) }, { $0 + 0.5 }),
    "-= tensor": ({ $0 -= Tensor(copying: [0.5]).to($0.dtype) }, { $0 - 0.5 }),
    "*= tensor": ({ $0 *= Tensor(copying: [0.5]).to($0.dtype) }, { $0 * 0.5 }),
    "/= tensor": ({ $0 /= Tensor(copying: [0.5]).to($0.dtype) }, { $0 / 0.5 }),
    "+= number": ({ $0 += 2 }, { $0 + 2 }),
    "-= number": ({ $0 -= 2.5 }, { $0 - 2.5 }),
    "*= number": ({ $0 *= -2 }, { $0 * -2 }),
    "/= number": ({ $0 /= 4 }, { $0 / 4 }),
    "add, scaled": ({ $0.add($0.clone(), scaledBy: 0.25) }, { $0 * 1.25 }),
    "fill": ({ $0.fill(3) }, { _ in 3 }),
    "zero": ({ $0.zero() }, { _ in 0 }),
    "copy": ({ $0.copy(from: [7]) }, { _ in 7 }),
    "clamp": ({ $0.clampInPlace(min: -0.5, max: 1) }, { min(max($0, -0.5), 1) }),
    "lerp": ({ $0.lerpInPlace(.zeros(like: $0), weight: 0.75) }, { $0 * 0.25 }),
]

@Suite("element-wise operations")
struct ElementwiseTests {
    @Test("an operation computes its formula", arguments: formulas)
    private func computesFormula(_ formula: Formula) {
        let expected = Tensor(copying: formula.points.map(formula.function))
        let points = Tensor(copying: formula.points)
        #expect(formula.operation(points).difference(from: expected, relative: 1e-12, absolute: 1e-14) == nil)
        let single = formula.operation(points.to(.float32)).to(.float64)
        #expect(single.difference(from: expected, relative: 2e-6, absolute: 2e-7) == nil)
    }

    @Test("a change in place is seen by every view and keeps the type", arguments: changes.keys.sorted())
    func changesInPlace(_ name: String) throws {
        let (change, function) = try #require(changes[name])
        let values = [-1.5, -0.25, 0, 2]
        for dtype in [DType.float32, .float64] {
            let whole = Tensor(copying: values).to(dtype)
            let view = whole.reshape(2, 2)
            change(whole)
            #expect(whole.dtype == dtype)
            #expect(view.array(of: Double.self) == values.map(function))
        }
    }

    @Test("integers stay integers beside integers, and become real beside real numbers")
    func promotion() {
        let integers: Tensor = [1, 2]
        #expect((integers + 1).dtype == .int64)
        #expect((integers + 0.5).difference(from: [1.5, 2.5]) == nil)
        #expect((integers / 2).difference(from: [0.5, 1.0]) == nil)
        #expect((1 / integers).difference(from: [1.0, 0.5]) == nil)
        #expect((integers.to(.int8) * 2).dtype == .int8)
        #expect((Tensor([true, false]) + 1).difference(from: [2, 1]) == nil)
        #expect((Tensor([1.5]) * 2).dtype == .float32)
        #expect((Tensor([1.5], dtype: .float64) + Float(1)).dtype == .float64)
        #expect((Tensor([1.5], dtype: .bfloat16) + Tensor([1.5], dtype: .float32)).dtype == .float32)
        #expect(integers.clamp(min: 2).difference(from: [2, 2]) == nil)
        #expect(integers.clamp(max: 1.5).difference(from: [1.0, 1.5]) == nil)
        integers.clampInPlace(max: 1)
        #expect(integers.difference(from: [1, 1]) == nil)
    }

    @Test("comparisons with a number give booleans")
    func comparisonsWithNumbers() {
        let x: Tensor = [1, 2, 3]
        #expect(x.eq(2).difference(from: [false, true, false]) == nil)
        #expect(x.ne(2).difference(from: [true, false, true]) == nil)
        #expect((x < 2).difference(from: [true, false, false]) == nil)
        #expect((x <= 2.5).difference(from: [true, true, false]) == nil)
        #expect((x > 2).difference(from: [false, false, true]) == nil)
        #expect((x >= 2).difference(from: [false, true, true]) == nil)
        let odd: Tensor = [true, false, true]
        #expect(odd.logicalOr(x.eq(2)).difference(from: [true, true, true]) == nil)
        #expect(odd.logicalXor(x > 1).difference(from: [true, true, false]) == nil)
        #expect(Tensor([1, Double.infinity.literal, -Double.infinity.literal]).isinf().array() == [false, true, true])
    }

    @Test("equality and closeness are about all elements")
    func wholeComparison() {
        let x: Tensor = [1.0, 2]
        #expect(x.isEqual(to: [1.0, 2]))
        #expect(!x.isEqual(to: [1.0, 2.5]))
        #expect(!x.isEqual(to: [[1.0, 2]]))
        #expect(x.isClose(to: [1.000001, 2]))
        #expect(!x.isClose(to: [1.1, 2]))
        #expect(x.isClose(to: [1.1, 2], relative: 0, absolute: 0.11))
        let nan = Tensor(copying: [Double.nan])
        #expect(!nan.isClose(to: nan))
        #expect(nan.isClose(to: nan, equalNaN: true))
    }

    @Test("products of matrices and vectors")
    func products() {
        let a: Tensor = [[1, 2], [3, 4]]
        let b: Tensor = [[0, 1], [1, 0]]
        #expect(a.matmul(b).difference(from: [[2, 1], [4, 3]]) == nil)
        #expect(Tensor([1, 2, 3]).dot([4, 5, 6]).item(as: Int.self) == 32)
        #expect(Tensor([1, 2]).outer([3, 4]).difference(from: [[3, 4], [6, 8]]) == nil)
        #expect(Tensor.einsum("ij,jk->ik", a, b).difference(from: a.matmul(b)) == nil)
        #expect(Tensor.einsum("ii->", a).item(as: Int.self) == 5)
        #expect(Tensor.einsum("ij->ji", a).difference(from: a.transpose(0, 1)) == nil)
    }
}

extension Double {
    /// A number that is not written out, for use among the numbers of a tensor's literal.
    fileprivate var literal: TensorLiteral { TensorLiteral(floatLiteral: self) }
}
private prefix func - (literal: TensorLiteral) -> TensorLiteral {
    guard case .number(let number) = literal else { return literal }
    return TensorLiteral(floatLiteral: -number.doubleValue)
}
