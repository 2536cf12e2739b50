import LockstepTesting
import Testing
import Torch

/// A function of one tensor, differentiable where it is tried.
private struct Function: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let compute: @Sendable (Tensor) -> Tensor
    init(_ text: String, _ compute: @escaping @Sendable (Tensor) -> Tensor) {
        testDescription = text
        self.compute = compute
    }
}

private let functions = [
    Function("x * x / 2") { $0 * $0 / 2 },
    Function("exp") { $0.exp() },
    Function("log") { ($0 * $0 + 1).log() },
    Function("tanh") { $0.tanh() },
    Function("sigmoid") { $0.sigmoid() },
    Function("pow") { $0.pow(3) },
    Function("softmax") { $0.softmax(dim: 1) },
    Function("logSoftmax") { $0.logSoftmax(dim: 0) },
    Function("logsumexp") { $0.logsumexp(dims: [1]) },
    Function("mean") { $0.mean(dims: [0]) * 3 },
    Function("variance") { $0.variance(dims: [1]) },
    Function("norm") { $0.norm() },
    Function("max") { $0.max(dim: 1).values },
    Function("cumsum") { $0.cumsum(dim: 1) },
    Function("product") { $0.product() },
    Function("matmul") { $0.matmul($0.transpose(0, 1)) },
    Function("einsum") { Tensor.einsum("ij,kj->ik", $0, $0) },
    Function("cat") { Tensor.cat([$0, $0 * 2], dim: 1) },
    Function("gather") { $0.gather(dim: 1, [[0, 0], [1, 2]]) },
    Function("where") { Tensor.where($0 > 0, $0 * 3, $0) },
    Function("gelu") { Functional.gelu($0) },
    Function("layerNorm") { Functional.layerNorm($0, normalizedShape: [3]) },
]

@Suite("gradients")
struct AutogradTests {
    private let x = Tensor([[0.3, -1.2, 0.8], [1.5, 0.4, -0.6]], dtype: .float64).requiringGrad()

    @Test("a gradient is the limit of the difference quotient", arguments: functions)
    private func differenceQuotient(_ function: Function) throws {
        let weights = Tensor.linspace(0.5, 1.5, steps: function.compute(x).count, dtype: .float64)
        let scalar = { (function.compute($0).flatten() * weights).sum() }
        try scalar(x).backward()
        let step = 1e-6
        let quotients = withoutGradients {
            (0..<x.count).map { place in
                let shift = Tensor.zeros([x.count], dtype: .float64)
                shift[place] = Tensor(step, dtype: .float64)
                let (above, below) = (scalar(x + shift.reshape(x.shape)), scalar(x - shift.reshape(x.shape)))
                return (Double(above) - Double(below)) / (2 * step)
            }
        }
        let expected = Tensor(copying: quotients, shape: x.shape)
        #expect(x.grad?.difference(from: expected, relative: 1e-7, absolute: 1e-7) == nil)
    }

    @Test("gradients add up until they are cleared")
    func accumulation() throws {
        try (x * x).sum().backward()
        try (x * x).sum().backward()
        #expect(x.grad?.difference(from: (x * 4).detach()) == nil)
        zeroGradients(of: [x], setToNone: false)
        #expect(x.grad?.difference(from: .zeros(like: x)) == nil)
        zeroGradients(of: [x])
        #expect(x.grad == nil)
        x.grad = .ones(like: x)
        try x.sum().backward()
        #expect(x.grad?.difference(from: .full(like: x, 2)) == nil)
        x.grad = nil
        #expect(x.grad == nil)
    }

    @Test("a tensor with several elements is differentiated with a gradient of its own")
    func outputGradient() throws {
        let seed = Tensor([[1, 2, 3], [4, 5, 6]], dtype: .float64)
        try (x * 2).backward(gradient: seed)
        #expect(x.grad?.difference(from: seed * 2) == nil)
    }

    @Test("what was recorded can be kept for another backward pass")
    func retainGraph() throws {
        let y = x.exp().sum()
        try y.backward(retainGraph: true)
        try y.backward()
        #expect(x.grad?.difference(from: (x.exp() * 2).detach(), relative: 1e-15) == nil)
    }

    @Test("derivatives of derivatives")
    func secondDerivative() throws {
        let y = x.pow(3).sum()
        let first = try #require(gradients(of: [y], withRespectTo: [x], createGraph: true)[0])
        #expect(first.requiresGrad)
        #expect(first.difference(from: (x * x * 3).detach(), relative: 1e-14) == nil)
        let second = try #require(gradients(of: [first.sum()], withRespectTo: [x])[0])
        #expect(second.difference(from: (x * 6).detach(), relative: 1e-14) == nil)
        #expect(x.grad == nil)
        try y.backward(createGraph: true)
        #expect(x.grad?.requiresGrad == true)
        x.grad = nil  // a gradient that refers to its own tensor would keep both alive
    }

    @Test("gradients of several outputs by several inputs, nil where none depends")
    func severalOutputs() throws {
        let w = Tensor(2.0, dtype: .float64).requiringGrad()
        let unused = Tensor(1.0).requiringGrad()
        let outputs = [(x * w).sum(), (x * x).sum()]
        let seeds = [Tensor(1.0, dtype: .float64), Tensor(10.0, dtype: .float64)]
        let results = gradients(of: outputs, withRespectTo: [x, w, unused], outputGradients: seeds)
        #expect(results[0]?.difference(from: (x * 20 + 2).detach(), relative: 1e-14) == nil)
        #expect(results[1]?.difference(from: x.sum().detach()) == nil)
        #expect(results[2] == nil)
        #expect(x.grad == nil && w.grad == nil)
    }

    @Test("a detached tensor has the same elements and passes no gradient on")
    func detach() throws {
        let y = x * 2
        let cut = y.detach()
        #expect(!cut.requiresGrad && cut.isLeaf && cut.sharesStorage(with: y))
        try (cut * x).sum().backward()
        #expect(x.grad?.difference(from: cut) == nil)
    }

    @Test("leaves, and gradients of what is no leaf")
    func leaves() throws {
        let y = x * 2
        #expect(x.isLeaf && !y.isLeaf && y.requiresGrad)
        y.retainGrad()
        try y.sum().backward()
        #expect(y.grad?.difference(from: .ones(like: x)) == nil)
        #expect(!Tensor([1.0]).requiresGrad && Tensor([1.0]).isLeaf)
    }

    @Test("nothing is recorded in withoutGradients, and the mode comes back however the closure ends")
    func withoutRecording() {
        struct Stop: Error {}
        #expect(gradientsEnabled)
        let y = withoutGradients { () -> Tensor in
            #expect(!gradientsEnabled)
            withGradients(enabled: true) { #expect(gradientsEnabled) }
            #expect(!gradientsEnabled)
            return x * 2
        }
        #expect(!y.requiresGrad && gradientsEnabled)
        #expect(throws: Stop.self) { try withoutGradients { throw Stop() } }
        #expect(gradientsEnabled)
        withGradients(enabled: false) { withGradients(enabled: true) { #expect((x * 2).requiresGrad) } }
    }

    @Test("parameters change in place without being recorded")
    func changeInPlace() throws {
        try (x * 3).sum().backward()
        let before = x.detach().clone()
        withoutGradients { if let gradient = x.grad { x.add(gradient, scaledBy: -0.5) } }
        #expect(x.isLeaf && x.requiresGrad)
        #expect(x.detach().difference(from: before - 1.5, relative: 1e-15) == nil)
    }

    @Test("a backward pass that cannot be throws an error")
    func backward() throws {
        let error = #expect(throws: TorchError.self) { try Tensor([1.0]).sum().backward() }
        #expect(error?.message.contains("does not require grad") == true)
        let y = (x * x).sum()
        #expect(throws: Never.self) { try y.backward() }
        let again = #expect(throws: TorchError.self) { try y.backward() }
        #expect(again?.message.contains("second time") == true)
        let several = #expect(throws: TorchError.self) { try (Tensor([1.0, 2]).requiringGrad() * 2).backward() }
        #expect(several?.message.contains("implicitly created only for scalar outputs") == true)
    }
}
