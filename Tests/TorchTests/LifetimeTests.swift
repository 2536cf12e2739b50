import Foundation
import LockstepTesting
import Testing
import Torch

/// A classifier 2-30-20-2 with plain gradient descent, written out.
private struct Classifier {
    let parameters: [Tensor]
    let inputs: Tensor
    let labels: Tensor

    init() {
        let generator = Generator(seed: 1)
        let sizes = [2, 30, 20, 2]
        parameters = zip(sizes, sizes.dropFirst()).flatMap { inputs, outputs in
            [
                (Tensor.randn([outputs, inputs], generator: generator) / Double(inputs).squareRoot()).requiringGrad(),
                Tensor.zeros([outputs]).requiringGrad(),
            ]
        }
        inputs = .randn([16, 2], generator: generator)
        labels = (inputs.product(dim: 1) > 0).to(.int64)
    }

    func step() throws -> Double {
        var value = inputs
        for layer in stride(from: 0, to: parameters.count, by: 2) {
            if layer > 0 { value = value.relu() }
            value = Functional.linear(value, weight: parameters[layer], bias: parameters[layer + 1])
        }
        let loss = Functional.crossEntropy(value, labels)
        zeroGradients(of: parameters)
        try loss.backward()
        withoutGradients {
            for parameter in parameters {
                if let gradient = parameter.grad { parameter.add(gradient, scaledBy: -0.05) }
            }
        }
        return Double(loss)
    }
}

/// The memory of this process that is in use, in bytes.
private func residentMemory() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(fields[1])) * sysconf(Int32(_SC_PAGESIZE))
}

// Each of these has a process of its own, because tensors of other tests would be counted too.
@Suite("lifetime of handles")
struct LifetimeTests {
    @Test("ten thousand training steps leave no tensor behind and do not grow the memory")
    func training() async {
        await #expect(processExitsWith: .success) {
            let start = Tensor.liveCount
            do {
                let classifier = Classifier()
                var losses: [Double] = []
                for _ in 0..<2000 { losses.append(try classifier.step()) }
                let (tensors, memory) = (Tensor.liveCount, try residentMemory())
                for _ in 2000..<10_000 { losses.append(try classifier.step()) }
                #expect(Tensor.liveCount == tensors)
                let growth = try residentMemory() - memory
                #expect(growth < 4 << 20, "8,000 steps took \(growth) bytes")
                #expect(losses[9999] < losses[0] / 2)
            }
            #expect(Tensor.liveCount == start)
        }
    }

    @Test("every operation returns as many handles as it takes")
    func operations() async {
        await #expect(processExitsWith: .success) {
            let start = Tensor.liveCount
            let fixture = try Fixture<OperationCase>("tensors", in: fixtureFolder(near: #filePath))
            for entry in fixture.cases {
                let operation = try #require(operationTable[entry.operation])
                _ = operation(try Operands(entry, in: fixture))
                #expect(Tensor.liveCount == start, "\(entry.name)")
            }
            _ = Tensor([[1.5, 2], [3, 4]]).description
            _ = (Tensor([1, 2]) as any TensorIndexing).tensorIndex
            var assigned = Tensor.zeros([2, 3])
            assigned[.all, [0, 1]] = [1.0, 2]
            assigned = Tensor([1])
            #expect(Tensor.liveCount == start + 1)
            _ = assigned
        }
    }

    @Test("errors leave no tensor behind")
    func errors() async {
        await #expect(processExitsWith: .success) {
            let start = Tensor.liveCount
            for _ in 0..<100 {
                let generator = Generator(seed: 1)
                #expect(throws: TorchError.self) { try generator.load(Tensor([1])) }
                let x = Tensor([1.0, 2]).requiringGrad()
                #expect(throws: TorchError.self) { try x.backward(gradient: [1.0, 2, 3]) }
                let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
                #expect(throws: TorchError.self) { try Tensor(bytes: nothing, shape: [1], dtype: .int8) }
            }
            #expect(Tensor.liveCount == start)
        }
    }

    @Test("gradients are freed with their tensors")
    func gradients() async {
        await #expect(processExitsWith: .success) {
            let start = Tensor.liveCount
            for _ in 0..<100 {
                let x = Tensor.ones([3]).requiringGrad()
                let y = (x * x).sum()
                try y.backward(retainGraph: true)
                _ = Torch.gradients(of: [y], withRespectTo: [x, Tensor.ones([1]).requiringGrad()])
                _ = x.grad?.clone()
                x.grad = Tensor.zeros([3])
            }
            #expect(Tensor.liveCount == start)
        }
    }

    @Test("memory that is lent again and again is given back each time")
    func borrowedMemory() async {
        await #expect(processExitsWith: .success) {
            let start = Tensor.liveCount
            let releases = Counter()
            for _ in 0..<1000 {
                let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
                memory.initializeMemory(as: UInt8.self, repeating: 1, count: 64)
                let address = UInt(bitPattern: memory)
                let tensor = Tensor(borrowing: memory, shape: [64], dtype: .uint8) {
                    UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
                    releases.increase()
                }
                let view = tensor[8...].reshape(7, 8)
                #expect(view.sum().item(as: Int.self) == 56)
            }
            #expect(releases.value == 1000)
            #expect(Tensor.liveCount == start)
        }
    }
}
