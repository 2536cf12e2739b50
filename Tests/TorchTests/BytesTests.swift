import LockstepTesting
import Synchronization
import Testing
import Torch

@Suite("bytes without copying")
struct BytesTests {
    @Test("the bytes are the tensor's own")
    func sameAddress() throws {
        let tensor = Tensor.arange(6, dtype: .float32).reshape(2, 3)
        let address = try #require(tensor.withUnsafeBytes { $0.baseAddress })
        #expect(tensor.withUnsafeBytes { $0.baseAddress } == address)
        #expect(tensor.reshape(6).withUnsafeBytes { $0.baseAddress } == address)
        #expect(tensor[1].withUnsafeBytes { $0.baseAddress } == address + 12)
        #expect(tensor[1].withUnsafeBytes { $0.count } == 12)
        #expect(tensor.withUnsafeBuffer(of: Float.self) { Array($0) } == [0, 1, 2, 3, 4, 5])
        #expect(tensor.clone().withUnsafeBytes { $0.baseAddress } != address)
    }

    @Test("what is written to the bytes is in the tensor")
    func writes() {
        let tensor = Tensor.zeros([4], dtype: .int16)
        tensor.withUnsafeMutableBytes { $0.storeBytes(of: -5, toByteOffset: 4, as: Int16.self) }
        #expect(tensor.array(of: Int.self) == [0, 0, -5, 0])
        #expect(Tensor.zeros([0, 3]).withUnsafeMutableBytes { $0.count } == 0)
    }

    @Test("an error thrown by the closure comes through")
    func errorsOfTheClosure() {
        struct Stop: Error {}
        #expect(throws: Stop.self) { try Tensor([1]).withUnsafeBytes { _ in throw Stop() } }
    }

    @Test("borrowed memory is used in place, and released once when the last view is gone")
    func borrowedMemory() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 8)
        memory.initializeMemory(as: Float.self, repeating: 1, count: 4)
        defer { memory.deallocate() }
        let releases = Counter()
        var views: [Tensor] = []
        do {
            let tensor = Tensor(borrowing: memory, shape: [2, 2], dtype: .float32) { releases.increase() }
            #expect(tensor.withUnsafeBytes { $0.baseAddress } == UnsafeRawPointer(memory))
            tensor += 1
            views = [tensor[0], tensor.transpose(0, 1), tensor.detach()]
        }
        memory.storeBytes(of: 7, as: Float.self)
        #expect(views[0].array(of: Float.self) == [7, 2])
        while !views.isEmpty {
            #expect(releases.value == 0)
            views.removeLast()
        }
        #expect(releases.value == 1)
    }
}

/// Counts calls from any thread.
final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func increase() { count.withLock { $0 += 1 } }
}
