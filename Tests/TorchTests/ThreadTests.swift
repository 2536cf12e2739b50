import Testing
import Torch

@Suite("the engine")
struct ThreadTests {
    @Test("the thread count can be set, and does not change the results of element-wise work")
    func threadCount() async {
        await #expect(processExitsWith: .success) {
            let x = Tensor.rand([200_000], generator: Generator(seed: 1))
            var results: [Tensor] = []
            for count in [1, 2, 3] {
                LibTorch.threadCount = count
                #expect(LibTorch.threadCount == count)
                results.append(x * x + 1)
            }
            #expect(results.allSatisfy { $0.isEqual(to: results[0]) })
            LibTorch.threadCount = 0
            #expect(LibTorch.threadCount == 1)
        }
    }

    @Test("the version is one that this package supports")
    func version() {
        #expect(["2.11", "2.12", "2.13"].contains { LibTorch.version.hasPrefix($0) })
    }

    @Test("results are the same after freed memory is kept")
    func keptMemory() async {
        await #expect(processExitsWith: .success) {
            let before = Tensor.ones([300, 300]).matmul(.ones([300, 300])).sum()
            LibTorch.keepFreedMemory()
            for _ in 0..<10 { #expect(Tensor.ones([300, 300]).matmul(.ones([300, 300])).sum().isEqual(to: before)) }
        }
    }
}
