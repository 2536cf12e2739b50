import Foundation
import Synchronization
import Torch
public import TorchDistributed

/// Runs a test on several ranks, each a thread of this process with a group of its own.
///
/// ```swift
/// let sums = try onRanks(3) { group in
///     let tensor = Tensor([Float(group.rank)])
///     return Float(try group.allReduce(tensor).wait())
/// }
/// // [3, 3, 3]
/// ```
///
/// - Parameters:
///   - worldSize: how many ranks there are.
///   - backend: what carries their data; as in a program if nil. With `hierarchical` the ranks are on two machines in turn,
///     as far as they can tell.
///   - timeout: how long their collectives wait.
///   - body: what each does. Tensors stay on its thread.
/// - Returns: what each rank returned, in order.
/// - Throws: the first error that is not merely the consequence of another.
@discardableResult
public func onRanks<Value: Sendable>(
    _ worldSize: Int, backend: ProcessGroup.Backend? = nil, timeout: Duration = .seconds(30),
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
) throws -> [Value] {
    let results = try resultsOnRanks(worldSize, backend: backend, timeout: timeout, body)
    let errors = results.compactMap { result in if case .failure(let error) = result { error } else { nil } }
    if let cause = errors.first(where: { ($0 as? DistributedError)?.isConsequence != true }) ?? errors.first {
        throw cause
    }
    return try results.map { try $0.get() }
}

/// Runs a test on several ranks as ``onRanks(_:backend:timeout:_:)``, and gives each one's result or error.
public func resultsOnRanks<Value: Sendable>(
    _ worldSize: Int, backend: ProcessGroup.Backend? = nil, timeout: Duration = .seconds(30),
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
) throws -> [Result<Value, any Error>] {
    if backend == .hierarchical {
        return try resultsOnMachines(
            (0..<worldSize).map { $0 % 2 }, backend: backend, timeout: timeout, body)
    }
    return try resultsOnRanks(worldSize, timeout: timeout, body) { store, rank in
        try ProcessGroup(
            backend: backend, store: store, rank: rank, worldSize: worldSize, timeout: timeout, address: "127.0.0.1")
    }
}

/// The same with a rank for each of `machines`, which is the number of the machine that it takes itself to be on.
package func resultsOnMachines<Value: Sendable>(
    _ machines: [Int], backend: ProcessGroup.Backend? = nil, timeout: Duration = .seconds(30),
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
) throws -> [Result<Value, any Error>] {
    try resultsOnRanks(machines.count, timeout: timeout, body) { store, rank in
        try ProcessGroup(
            backend: backend, store: store, rank: rank, worldSize: machines.count, timeout: timeout,
            address: "127.0.0.1", onMachine: "\(machines[rank])")
    }
}

/// The same with ranks that exchange what they record as if each was on a machine of its own.
package func resultsOnDistantRanks<Value: Sendable>(
    _ worldSize: Int, timeout: Duration = .seconds(30), _ body: @escaping @Sendable (ProcessGroup) throws -> Value
) throws -> [Result<Value, any Error>] {
    try resultsOnRanks(worldSize, timeout: timeout, body) { store, rank in
        try ProcessGroup(
            withoutSharedPagesIn: store, rank: rank, worldSize: worldSize, timeout: timeout, address: "127.0.0.1")
    }
}

private func resultsOnRanks<Value: Sendable>(
    _ worldSize: Int, timeout: Duration, _ body: @escaping @Sendable (ProcessGroup) throws -> Value,
    joining join: @escaping @Sendable (Store, Int) throws -> ProcessGroup
) throws -> [Result<Value, any Error>] {
    let store = try Store.inProcess(timeout: timeout)
    let results = Mutex<[Int: Result<Value, any Error>]>([:])
    let done = DispatchGroup()
    for rank in 0..<worldSize {
        done.enter()
        let thread = Thread {
            LibTorch.threadCount = 1
            let result = Result {
                let group = try join(store, rank)
                let value = try body(group)
                try group.close()
                return value
            }
            results.withLock { $0[rank] = result }
            done.leave()
        }
        thread.stackSize = 16 << 20
        thread.start()
    }
    done.wait()
    return results.withLock { results in (0..<worldSize).compactMap { results[$0] } }
}
