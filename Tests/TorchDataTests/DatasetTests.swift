import Foundation
import Testing
import Torch

@testable import TorchData

@Suite("Data sets")
struct DatasetTests {
    struct Toy: Dataset {
        let features: Tensor
        let labels: Tensor
        var count: Int { labels.size(0) }

        func batch(at samples: BatchIndices) -> (Tensor, Tensor) { (features[samples], labels[samples]) }
    }

    @Test("a data set of one's own gives its rows a batch at a time")
    func ownDataset() throws {
        let toy = Toy(
            features: [[-1.2, 3.1], [-0.9, 2.9], [-0.5, 2.6], [2.3, -1.1], [2.7, -1.5]], labels: [0, 0, 0, 1, 1])
        let (x, y) = toy.batch(at: [4, 0])
        #expect(x.isEqual(to: [[2.7, -1.5], [-1.2, 3.1]]))
        #expect(y.isEqual(to: [1, 0]))
        #expect(try toy.sample(at: 3).0.shape == [1, 2])
        let batches = try remaining(DataLoader(toy, batchSize: 2, shuffle: false, dropLast: true).batches(epoch: 0))
        #expect(batches.map { $0.1.array(of: Int.self) } == [[0, 0], [0, 1]])
    }

    @Test("an index that there is not is named with the count", arguments: [-1, 5])
    func outOfRange(index: Int) {
        let toy = Toy(features: Tensor.zeros([5, 2]), labels: Tensor.zeros([5]))
        let tensors = TensorDataset(Tensor.zeros([5, 2]))
        for attempt in [{ _ = try toy.sample(at: index) }, { _ = try tensors.batch(at: [0, index]) }] {
            let error = #expect(throws: DataError.self, performing: attempt)
            #expect(error?.code == .indexOutOfRange)
            #expect(error?.message.contains("sample \(index) was asked for, but the data set has 5") == true)
        }
    }

    @Test("tensors are gathered together")
    func tensorDataset() throws {
        let x = Tensor.arange(12).reshape([6, 2])
        let y = Tensor.arange(6, dtype: .float32)
        let (a, b) = try TensorDataset(x, y).batch(at: [5, 0, 5])
        #expect(a.isEqual(to: [[10, 11], [0, 1], [10, 11]]))
        #expect(b.isEqual(to: [5.0, 0, 5]))
        #expect(try TensorDataset(y).batch(at: [2]).isEqual(to: [2.0]))
        #expect(try TensorDataset(x, y, x).batch(at: [1]).2.isEqual(to: [[2, 3]]))
        #expect(try TensorDataset([x, y]).batch(at: [1]).count == 2)
        #expect(try TensorDataset(x, y).batch(at: []).0.shape == [0, 2])
    }

    @Test("a batch does not share memory with the data set")
    func batchIsACopy() throws {
        let x = Tensor.zeros([4])
        let batch = try TensorDataset(x).batch(at: [0, 1, 2, 3])
        batch.fill(1)
        #expect(x.isEqual(to: Tensor.zeros([4])))
    }

    @Test("a subset has the chosen samples, with the draws of the underlying set")
    func subset() throws {
        let subset = try Subset(RandomNumbers(count: 100), indices: [7, 90, 7])
        let base = try RandomNumbers(count: 100).batch(at: [7, 90, 7])
        #expect(subset.count == 3)
        #expect(try subset.batch(at: [0, 1, 2]) == base)
        #expect(try remaining(DataLoader(subset, shuffle: false, workers: 2).batches(epoch: 0)) == [base])
        #expect(#expect(throws: DataError.self) { try subset.batch(at: [3]) }?.code == .indexOutOfRange)
        #expect(
            #expect(throws: DataError.self) { try Subset(Numbers(count: 5), indices: [0, 5]) }?.code == .indexOutOfRange
        )
    }

    @Test("a limit takes the first samples", arguments: [(3, 3), (10, 5), (0, 0), (-1, 0)])
    func limited(limit: Int, count: Int) throws {
        let limited = Numbers(count: 5).limited(to: limit)
        #expect(limited.count == count)
        #expect(try remaining(DataLoader(limited, shuffle: false).batches(epoch: 0)).flatMap { $0 } == Array(0..<count))
    }

    @Test("draws are the documented function of seed, epoch, sample and stream")
    func drawsAreDocumented() {
        func mix(_ value: UInt64) -> UInt64 {
            var z = value
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15
        let key = mix((mix((mix(42 &+ gamma) ^ 3) &+ gamma) ^ 11) &+ gamma)
        var draw = SampleDraw(seed: 42, epoch: 3, sample: 11)
        #expect(draw.next() == mix(key &+ gamma))
        #expect(draw.next() == mix(key &+ 2 &* gamma))
        var stream = draw.stream(1)
        #expect(stream.next() == mix(mix(key ^ 2 &* gamma) &+ gamma))
    }

    @Test("draws of different seeds, epochs, samples and streams differ, and are uniform")
    func drawsDiffer() {
        var seen: Set<UInt64> = []
        for seed in 0..<4 {
            for epoch in 0..<4 {
                for sample in 0..<16 {
                    for stream in 0..<4 {
                        var draw = SampleDraw(seed: UInt64(seed), epoch: epoch, sample: sample).stream(stream)
                        seen.insert(draw.next())
                    }
                }
            }
        }
        #expect(seen.count == 4 * 4 * 16 * 4)
        var counts = [Int](repeating: 0, count: 9)
        var sum = 0.0
        for sample in 0..<9000 {
            var draw = SampleDraw(seed: 1, epoch: 0, sample: sample)
            counts[draw.integer(below: 9)] += 1
            sum += draw.uniform()
        }
        // Five standard deviations: √(9000 · 1/9 · 8/9) ≈ 30, and √(9000 / 12) ≈ 27.
        #expect(counts.allSatisfy { abs($0 - 1000) < 150 })
        #expect(abs(sum - 4500) < 137)
    }

    @Test("memory returns to its pool when the tensor over it is gone")
    func buffersAreRecycled() throws {
        let pool = BufferPool(capacity: 2)
        var tensor: Tensor? = pool.buffer(byteCount: 4000).tensor(shape: [10, 100], dtype: .float32)
        let address = tensor?.withUnsafeBytes { $0.baseAddress }
        #expect(address.map { UInt(bitPattern: $0) % 64 } == 0)
        var view = tensor?[0]
        tensor = nil
        #expect(pool.freeBlockCount == 0)
        view = nil
        #expect(view == nil)
        #expect(pool.freeBlockCount == 1)
        #expect(UnsafeRawPointer(pool.buffer(byteCount: 3000).address) == address, "a smaller batch finds it too")
        let several = (0..<5).map { _ in pool.buffer(byteCount: 10) }
        withExtendedLifetime(several) {}
        #expect(pool.freeBlockCount <= 4)
    }

    @Test("a tensor outlives its pool")
    func tensorOutlivesPool() {
        let tensor = {
            let buffer = BufferPool().buffer(byteCount: 40)
            buffer.bind(to: Float.self).update(repeating: 2)
            return buffer.tensor(shape: [10], dtype: .float32)
        }()
        #expect(Double(tensor.sum()) == 20)
    }
}
