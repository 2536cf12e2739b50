import Testing
import Torch
import TorchData

@Suite("Data loader")
struct DataLoaderTests {
    @Test("epochs differ by themselves, and again in the same way")
    func epochsAdvance() async throws {
        let loader = DataLoader(Numbers(count: 40), batchSize: 8, seed: 5)
        var epochs: [[Int]] = []
        for _ in 0..<3 {
            var seen: [Int] = []
            for try await batch in loader { seen += batch }
            epochs.append(seen)
        }
        #expect(Set(epochs).count == 3)
        #expect(epochs.allSatisfy { $0.sorted() == Array(0..<40) })
        #expect(loader.epoch == 3)
        #expect((0..<3).map { loader.indices(epoch: $0) } == epochs)

        loader.epoch = 1
        #expect(try remaining(loader.makeAsyncIterator()).flatMap { $0 } == epochs[1])
        #expect(loader.epoch == 2)
    }

    @Test("leaving an epoch early goes on with the next one")
    func breakAdvances() async throws {
        let loader = DataLoader(Numbers(count: 40), batchSize: 8)
        for try await _ in loader { break }
        #expect(loader.epoch == 1)
    }

    @Test("any number of workers gives the same batches", arguments: [0, 1, 2, 4, 9])
    func workersDoNotMatter(workers: Int) throws {
        let reference = try remaining(DataLoader(Numbers(count: 203), batchSize: 8, workers: 0).batches(epoch: 2))
        let loader = DataLoader(Numbers(count: 203), batchSize: 8, workers: workers)
        #expect(try remaining(loader.batches(epoch: 2)) == reference)
        let drawn = try remaining(DataLoader(RandomNumbers(count: 99), batchSize: 4, workers: 0).batches(epoch: 1))
        #expect(
            try remaining(DataLoader(RandomNumbers(count: 99), batchSize: 4, workers: workers).batches(epoch: 1))
                == drawn)
    }

    @Test("draws belong to samples, whatever the batch size and the world", arguments: [1, 2, 3], [1, 4, 8])
    func ranksDoNotMatter(worldSize: Int, batchSize: Int) throws {
        func draws(_ worldSize: Int, _ batchSize: Int) throws -> [Int: UInt64] {
            var found: [Int: UInt64] = [:]
            for rank in 0..<worldSize {
                let loader = try DataLoader(RandomNumbers(count: 30), batchSize: batchSize, seed: 9)
                    .sharded(rank: rank, worldSize: worldSize)
                let values = try remaining(loader.batches(epoch: 4)).flatMap { $0 }
                for (sample, value) in zip(loader.indices(epoch: 4), values) { found[sample] = value }
            }
            return found
        }
        let reference = try draws(1, 30)
        #expect(Set(reference.values).count == 30)
        #expect(try draws(worldSize, batchSize) == reference)
    }

    @Test("an epoch is continued at any batch", arguments: [0, 1, 7, 12, 13, 20], [0, 2])
    func seeks(first: Int, workers: Int) throws {
        let loader = DataLoader(Numbers(count: 100), batchSize: 8, workers: workers)
        let all = try remaining(loader.batches(epoch: 3))
        #expect(all.count == 13)
        let iterator = loader.batches(epoch: 3, from: first)
        #expect(iterator.position == first)
        #expect(try remaining(iterator) == Array(all.dropFirst(first)))
        #expect(loader.epoch == 0)
    }

    @Test("a seek reads none of the batches before it")
    func seekSkips() throws {
        let loader = DataLoader(
            Fragile(count: 100, broken: 3), batchSize: 10, shuffle: false, workers: 2)
        #expect(try remaining(loader.batches(epoch: 0, from: 1)).flatMap { $0 } == Array(10..<100))
    }

    @Test("counts say what an iteration gives", arguments: [0, 1, 7, 8, 9, 64], [false, true])
    func counts(count: Int, dropLast: Bool) throws {
        let loader = DataLoader(Numbers(count: count), batchSize: 8, dropLast: dropLast)
        let batches = try remaining(loader.batches(epoch: 0))
        #expect(batches.count == loader.batchCount)
        #expect(batches.flatMap { $0 }.count == loader.sampleCount)
        #expect(loader.sampleCount == (dropLast ? count / 8 * 8 : count))
    }

    @Test("a failing sample is named, with its cause, and the batches after it can be had", arguments: [0, 1, 4])
    func failureIsNamed(workers: Int) throws {
        let loader = DataLoader(Fragile(count: 40, broken: 13), batchSize: 8, shuffle: false, workers: workers)
        let iterator = loader.batches(epoch: 2)
        #expect(try iterator.next() == Array(0..<8))
        let error = #expect(throws: DataError.self) { try iterator.next() }
        #expect(error?.code == .sampleFailed)
        #expect(error?.message.contains("sample 13, in batch 1 of epoch 2") == true)
        #expect(error?.cause is Fragile.Damage)
        #expect(try iterator.next() == Array(16..<24))
    }

    @Test("a sampler of another data set is an error that names index and count", arguments: [0, 2])
    func foreignSampler(workers: Int) {
        let loader = DataLoader(Numbers(count: 10), workers: workers, sampler: SequentialSampler(count: 11))
        let error = #expect(throws: DataError.self) { try loader.batches(epoch: 0).next() }
        #expect(error?.code == .indexOutOfRange)
        #expect(error?.message.contains("sample 10 was asked for, but the data set has 10") == true)
    }

    @Test("a batch size or number of workers that makes no sense is an error of the first batch")
    func invalidSettings() {
        for size in [0, -3] {
            let loader = DataLoader(Numbers(count: 10), batchSize: size)
            #expect(loader.batchCount == 0)
            #expect(#expect(throws: DataError.self) { try loader.batches(epoch: 0).next() }?.code == .invalidBatchSize)
        }
        let loader = DataLoader(Numbers(count: 10), workers: -1)
        #expect(#expect(throws: DataError.self) { try loader.batches(epoch: 0).next() }?.code == .invalidWorkerCount)
    }

    @Test("a sharded loader stays a rank's own")
    func shardedOnce() throws {
        let loader = DataLoader(Numbers(count: 10))
        loader.epoch = 4
        let share = try loader.sharded(rank: 1, worldSize: 2)
        #expect(share.epoch == 4)
        #expect(try share.sharded(rank: 1, worldSize: 2) === share)
        #expect(#expect(throws: DataError.self) { try share.sharded(rank: 0, worldSize: 2) }?.code == .alreadySharded)
        #expect(#expect(throws: DataError.self) { try loader.sharded(rank: 2, worldSize: 2) }?.code == .invalidRank)
        let own = DataLoader(
            Numbers(count: 10), sampler: try DistributedSampler(count: 10, worldSize: 2, rank: 1, seed: 6))
        #expect(try own.sharded(rank: 1, worldSize: 2).indices(epoch: 0) == own.indices(epoch: 0))
    }

    @Test("a data set that can be read on any thread has one worker, any other none")
    func defaultWorkers() {
        #expect(DataLoader(Numbers(count: 1)).workers == 1)
        #expect(EvaluationLoader(Numbers(count: 1), batchSize: 2).workers == 1)
        #expect(DataLoader(TensorDataset(Tensor.zeros([1]))).workers == 0)
        #expect(EvaluationLoader(TensorDataset(Tensor.zeros([1]))).workers == 0)
    }

    @Test("data in memory have no worker where the training takes all cores, unless one was asked for")
    func sharedCore() throws {
        let stored = Numbers(count: 20, isInMemory: true)
        let subset = try Subset(stored, indices: 0..<10)
        func workers(_ loader: DataLoader<some Dataset>) throws -> Int {
            loader.sharesItsCore = true
            return try loader.sharded(rank: 0, worldSize: 2).workers
        }
        #expect(DataLoader(stored).workers == 1)
        #expect(try workers(DataLoader(stored)) == 0)
        #expect(try workers(DataLoader(subset)) == 0)
        #expect(try workers(DataLoader(Numbers(count: 20))) == 1)
        #expect(try workers(DataLoader(stored, workers: 2)) == 2)
    }

    @Test("the seed of a run is taken where the loader has none of its own")
    func seedIsSettable() {
        let loader = DataLoader(Numbers(count: 30))
        #expect(loader.seed == nil)
        #expect(loader.indices(epoch: 1) == RandomSampler(count: 30, seed: 0).indices(epoch: 1))
        loader.seed = 77
        #expect(loader.indices(epoch: 1) == RandomSampler(count: 30, seed: 77).indices(epoch: 1))
    }

    @Test("a run may take the order of the files and the first samples alone", arguments: [0, 1, 5, 30, 99])
    func runOrder(limit: Int) throws {
        let loader = DataLoader(Numbers(count: 30), batchSize: 4, seed: 5)
        let ordered = loader.ordered(shuffle: false, limit: limit)
        let taken = min(limit, 30)
        #expect(try remaining(ordered.batches(epoch: 2)).flatMap { $0 } == Array(0..<taken))
        #expect(ordered.sampleCount == taken)
        #expect(
            loader.ordered(limit: limit).indices(epoch: 2) == RandomSampler(count: taken, seed: 5).indices(epoch: 2))
        let share = try ordered.sharded(rank: 1, worldSize: 3).indices(epoch: 0)
        #expect(
            share == (try DistributedSampler(count: taken, worldSize: 3, rank: 1, shuffle: false)).indices(epoch: 0))
    }

    @Test("a sampler of one's own is not replaced by a run's order")
    func ownSamplerStays() {
        let loader = DataLoader(Numbers(count: 30), sampler: SequentialSampler(count: 7))
        #expect(loader.ordered(shuffle: true, limit: 3).indices(epoch: 1) == Array(0..<7))
    }

    @Test("an evaluation may be limited to the first samples", arguments: [0, 1, 5, 10, 99])
    func limitedEvaluation(limit: Int) throws {
        let loader = EvaluationLoader(Numbers(count: 10), batchSize: 3).limited(to: limit)
        #expect(try remaining(loader.makeAsyncIterator()).flatMap { $0 } == Array(0..<min(limit, 10)))
        let shares = try (0..<2).map { try loader.sharded(rank: $0, worldSize: 2).indices }
        #expect(shares.joined().sorted() == Array(0..<min(limit, 10)))
    }

    @Test("a cancelled task's loop ends with CancellationError")
    func cancellation() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            for try await _ in DataLoader(Numbers(count: 10), batchSize: 1) {}
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @MainActor
    @Test("tensors are taken from an actor's code")
    func onTheMainActor() async throws {
        let data = TensorDataset(Tensor.arange(10), Tensor.arange(10) * 2)
        var seen: [Int] = []
        for try await (x, y) in DataLoader(data, batchSize: 3) {
            #expect((x * 2).isEqual(to: y))
            seen += x.array(of: Int.self)
        }
        #expect(seen.sorted() == Array(0..<10))
    }
}
