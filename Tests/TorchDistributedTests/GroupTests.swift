import LockstepTesting
import Testing
import Torch
import TorchDistributed

@Suite struct GroupTests {
    @Test("overlapping groups work in one program")
    func subgroups() throws {
        let results = try onRanks(4) { group in
            let low = try group.subgroup([0, 1, 2])
            let high = try group.subgroup([3, 1])
            let lone = try group.subgroup([2])
            #expect((low != nil) == (group.rank < 3))
            #expect(high?.rank == [3: 0, 1: 1][group.rank])
            var sums: [Float] = []
            for member in [low, high, lone, group] {
                guard let member else { continue }
                let tensor = Tensor(copying: [Float(1 << group.rank)])
                sums.append(try member.allReduce(tensor).wait().item(as: Float.self))
            }
            return sums
        }
        #expect(results == [[7, 15], [7, 10, 15], [7, 4, 15], [10, 15]])
    }

    @Test("a difference in a subgroup names it and leaves the others alone")
    func difference() throws {
        try onRanks(3) { group in
            let pair = try group.subgroup([0, 2])
            if let pair {
                let error = thrownError { try pair.allReduce(.ones([1 + pair.rank])).wait() }
                #expect(error?.code == .collectivesDiffer)
                #expect(error?.missing(["the group of ranks 0, 2"]) == [])
            }
            #expect(try group.allReduce(.ones([1])).wait().item(as: Float.self) == 3)
        }
    }

    @Test("what cannot be meant is refused at once", arguments: refusals.indices)
    func refusal(index: Int) throws {
        try onRanks(2) { group in
            let error = thrownError { try Self.refusals[index].run(group) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.missing(Self.refusals[index].words) == [])
            // Nothing was entered, so the ranks still work together.
            try group.barrier().wait()
        }
    }

    private struct Refusal: Sendable {
        let words: [String]
        let run: @Sendable (ProcessGroup) throws -> Void
    }

    private static let refusals = [
        Refusal(words: ["broadcast: root 2", "0...1"]) { _ = try $0.broadcast(.ones([1]), from: 2) },
        Refusal(words: ["reduce: root -1"]) { _ = try $0.reduce(.ones([1]), to: -1) },
        Refusal(words: ["gather: root 5"]) { _ = try $0.gather(.ones([1]), to: 5) },
        Refusal(words: ["average of int64"]) { _ = try $0.allReduce(.ones([1], dtype: .int64), .average) },
        Refusal(words: ["that is this rank itself"]) { _ = try $0.send(.ones([1]), to: $0.rank) },
        Refusal(words: ["3 tensors for 2 ranks"]) {
            _ = try $0.reduceScatter(into: .ones([1]), [.ones([1]), .ones([1]), .ones([1])])
        },
        Refusal(words: ["tensor 1 is float32 [2]", "float32 [1]"]) {
            _ = try $0.reduceScatter(into: .ones([1]), [.ones([1]), .ones([2])])
        },
        Refusal(words: ["1 tensors on rank"]) { _ = try $0.scatter(into: .ones([1]), [.ones([1])], from: 0) },
        Refusal(words: ["3 rows", "give splits"]) { _ = try $0.allToAll(.ones([3])) },
        Refusal(words: ["do not add up to the 3 rows"]) {
            _ = try $0.allToAll(.ones([3]), inputSplits: [1, 1], outputSplits: [1, 1])
        },
        Refusal(words: ["[1, -1]", "none negative"]) {
            _ = try $0.allToAll(.ones([3]), inputSplits: [1, -1], outputSplits: [1, 1])
        },
        Refusal(words: ["a scalar has no dimension"]) { _ = try $0.allToAll(.ones([])) },
        Refusal(words: ["splits of both sides"]) { _ = try $0.allToAll(.ones([2]), inputSplits: [1, 1]) },
        Refusal(words: ["members are different ranks of 0...1"]) { _ = try $0.subgroup([0, 0]) },
    ]

    @Test("a rank outside the world is refused", arguments: [(-1, 2), (2, 2), (0, 0)])
    func world(rank: Int, worldSize: Int) throws {
        let store = try Store.inProcess()
        let error = thrownError { _ = try ProcessGroup(store: store, rank: rank, worldSize: worldSize) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("ranks that never start are reported when the time is up")
    func connecting() throws {
        let store = try Store.inProcess(timeout: .seconds(1))
        let start = ContinuousClock.now
        let error = thrownError {
            _ = try ProcessGroup(store: store, rank: 0, worldSize: 2, timeout: .seconds(1), address: "127.0.0.1")
        }
        #expect(error?.code == .timedOut)
        #expect(error?.missing(["rank 0 of 2"]) == [])
        #expect(start.duration(to: .now) < .seconds(3))
    }
}
