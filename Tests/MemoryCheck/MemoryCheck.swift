import CTorch
import Foundation
import OrderedCollections
import Synchronization
import Torch
import TorchNN

/// Gains and loses handles in every way there is, for AddressSanitizer to watch (see Scripts/check-memory).
///
/// With the name of a fault it commits that fault, so that the script can see that it would be found.
@main
enum MemoryCheck {
    static func main() throws {
        let start = Tensor.liveCount
        switch CommandLine.arguments.dropFirst().first {
        case "lost-handle": loseHandle()
        case "handle-released-twice": releaseTwice()
        case "handle-used-after-release": useAfterRelease()
        case "borrowed-memory-released-twice": releaseBorrowedMemoryTwice()
        case nil:
            for _ in 0..<20 {
                create()
                fail()
                try differentiate()
                borrow()
                try train()
            }
            let left = Tensor.liveCount - start
            guard left == 0 else { return report("\(left) handles were not released") }
            print("all handles were released")
        case let fault?: report("there is no fault named \(fault)")
        }
    }

    private static func report(_ message: String) {
        FileHandle.standardError.write(Data("error: \(message)\n".utf8))
        exit(1)
    }

    private static func check(_ condition: Bool, _ line: Int = #line) {
        if !condition { report("the check in line \(line) failed") }
    }

    private static func create() {
        let matrix: Tensor = [[1.5, 2], [3, 4]]
        var parts = [matrix[0], matrix[.all, 1], matrix[matrix > 2], matrix[[1, 0]], matrix.to(.int8), matrix.clone()]
        parts += matrix.split(1) + matrix.chunk(2, dim: 1)
        let (values, indices) = matrix.max(dim: 1)
        parts += [values, indices, .stack([matrix, matrix]), .einsum("ij,jk->ik", matrix, matrix)]
        let generator = Generator(seed: 1)
        parts += [.randn([20], generator: generator), .randperm(5, generator: generator), generator.state()]
        parts += [Generator.default.state(), matrix.transpose(0, 1).contiguous()]
        parts[0] += 1
        parts[0][[0]] = [7.0]
        check("\(parts)".count > 100 && Double(matrix[0, 0]) == 7)
    }

    private static func fail() {
        var errors = 0
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch { errors += "\(error)".isEmpty ? 0 : 1 }
        }
        let x = Tensor([1.0, 2]).requiringGrad()
        attempt { try Generator(seed: 1).load(Tensor([1, 2])) }
        attempt { try Tensor([1.0]).backward() }
        attempt { try x.backward(gradient: [1.0, 2, 3]) }
        attempt { _ = try Tensor(bytes: UnsafeRawBufferPointer(start: nil, count: 0), shape: [3], dtype: .float32) }
        attempt { try Linear(2, 1).load(["weight": x, "surplus": x]) }
        check(errors == 5)
    }

    private static func differentiate() throws {
        let x = Tensor.arange(6, dtype: .float32).requiringGrad()
        let y = x.pow(3).sum()
        let first = gradients(of: [y], withRespectTo: [x, Tensor([1.0]).requiringGrad()], createGraph: true)
        check(first[1] == nil)
        try first[0]?.sum().backward()
        check(x.grad?.array(of: Float.self) == [0, 6, 12, 18, 24, 30])
        x.grad = Tensor.zeros([6])
        zeroGradients(of: [x])
        try (x * x).backward(gradient: .ones([6]), retainGraph: true)
        withoutGradients { x.add(x.detach(), scaledBy: -0.5) }
        check(x.detach().requiresGrad == false)
    }

    private static func borrow() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
        memory.initializeMemory(as: UInt8.self, repeating: 1, count: 64)
        let address = UInt(bitPattern: memory)
        let releases = ReleaseCount()
        do {
            let view = Tensor(borrowing: memory, shape: [64], dtype: .uint8) {
                UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
                releases.increase()
            }[8...].reshape(7, 8)
            check(view.sum().item(as: Int.self) == 56 && releases.value == 0)
        }
        check(releases.value == 1)
    }

    private static func train() throws {
        let generator = Generator(seed: 1)
        let network = Sequential {
            Conv2d(1, 2, kernelSize: 3, generator: generator)
            BatchNorm2d(2)
            ReLU()
            Flatten()
            Dropout(0.2, generator: generator)
            Linear(8, 3, generator: generator)
        }
        let (inputs, labels) = (Tensor.randn([5, 1, 4, 4], generator: generator), Tensor([0, 1, 2, 0, 1]))
        for _ in 0..<3 {
            let loss = CrossEntropyLoss()(network(inputs), labels)
            network.zeroGrad()
            try loss.backward()
            withoutGradients {
                for parameter in network.parameters {
                    if let gradient = parameter.tensor.grad { parameter.tensor.add(gradient, scaledBy: -0.1) }
                }
            }
        }
        network.to(.float64)
        try network.load(network.stateDictionary().mapValues { $0.detach().clone() })
        check(network.eval()(inputs.to(.float64)).dtype == .float64)
    }

    // MARK: Faults

    private static func newHandle() -> ct_tensor? {
        ct_arange(
            ct_scalar(real: 0, integer: 0, kind: 1), ct_scalar(real: 0, integer: 9, kind: 1),
            ct_scalar(real: 0, integer: 1, kind: 1), ct_options(dtype: 4, device_type: 0, device_index: -1))
    }

    @inline(never)
    private static func loseHandle() {
        for _ in 0..<10 { _ = newHandle() }
    }

    private static func releaseTwice() {
        guard let handle = newHandle() else { return }
        ct_tensor_release(handle)
        ct_tensor_release(handle)
    }

    private static func useAfterRelease() {
        guard let handle = newHandle() else { return }
        ct_tensor_release(handle)
        print(ct_numel(handle))
    }

    private static func releaseBorrowedMemoryTwice() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 4, alignment: 4)
        let address = UInt(bitPattern: memory)
        do {
            let tensor = Tensor(borrowing: memory, shape: [1], dtype: .float32) {
                UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
            }
            tensor.fill(1)
        }
        memory.deallocate()
    }
}

/// Counts releases, which may come from any thread.
private final class ReleaseCount: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func increase() { count.add(1, ordering: .relaxed) }
}
