import Foundation
import Torch
import TorchDistributed

/// One rank of a scenario.
struct ProbeRank {
    private let group: ProcessGroup
    private var lastGood = ContinuousClock.now

    /// - Parameters:
    ///   - backend: as a program asks for it.
    ///   - isDistant: whether the ranks exchange what they record as if each was on a machine of its own.
    init(backend: ProcessGroup.Backend?, isDistant: Bool, store: Store, rank: Int, worldSize: Int) throws {
        if isDistant {
            group = try ProcessGroup(
                withoutSharedPagesIn: store, rank: rank, worldSize: worldSize, timeout: .seconds(30),
                address: "127.0.0.1")
        } else if backend == .hierarchical {
            group = try ProcessGroup(
                backend: nil, store: store, rank: rank, worldSize: worldSize, timeout: .seconds(30),
                address: "127.0.0.1", onMachine: "\(rank % 2)")
        } else {
            group = try ProcessGroup(
                backend: backend, store: store, rank: rank, worldSize: worldSize, timeout: .seconds(30),
                address: "127.0.0.1")
        }
    }

    func timings() throws -> [Int] { try Timings.nanoseconds(group) }

    var secondsSinceLastGood: Double {
        let (seconds, attoseconds) = lastGood.duration(to: .now).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    mutating func run(_ scenario: String) throws {
        let isLast = group.rank == group.worldSize - 1
        for _ in 0..<20 { try allReduce(.ones([1000])) }
        switch scenario {
        case "normal":
            try group.close()
        case "unclosed":
            break
        case "size":
            try allReduce(.ones([isLast ? 100_000 : 50_000]))
        case "type":
            try allReduce(.ones([1000], dtype: isLast ? .float64 : .float32))
        case "operation":
            if isLast { try group.barrier().wait() } else { try allReduce(.ones([1000])) }
        case "order":
            if isLast {
                try group.broadcast(.ones([10]), from: 0).wait()
                try allReduce(.ones([3000]))
            } else {
                try allReduce(.ones([3000]))
                try group.broadcast(.ones([10]), from: 0).wait()
            }
        case "killed":
            while true {
                let work = try group.allReduce(.ones([1 << 22]))
                if isLast { kill(getpid(), SIGKILL) }
                try work.wait()
            }
        case let name where name.hasPrefix("kills-"):
            while true {
                let work = try group.allReduce(.ones([1 << 22]))
                if name == "kills-\(group.rank)" { kill(getpid(), SIGKILL) }
                try work.wait()
            }
        case let name where name.hasPrefix("killed-after-"):
            // The rank dies with a part of a message sent.
            if isLast, let milliseconds = Double(name.dropFirst("killed-after-".count)) {
                InterruptedTransfer.kill(after: milliseconds / 1000)
            }
            while true { try allReduce(.ones([1 << 20])) }
        case "exits":
            while true {
                try allReduce(.ones([1000]))
                if isLast { exit(0) }
            }
        case "stopped":
            group.note("in scenario", 7)
            // So that ranks of other machines hear of what is done until here.
            if isLast { Thread.sleep(forTimeInterval: 1) }
            if isLast { raise(SIGSTOP) }
            try group.allReduce(.ones([1 << 20]), timeout: .seconds(3)).wait()
        default:
            throw DistributedError(.invalidArgument, "no scenario \(scenario)")
        }
    }

    private mutating func allReduce(_ tensor: Tensor) throws {
        try group.allReduce(tensor).wait()
        lastGood = .now
    }
}
