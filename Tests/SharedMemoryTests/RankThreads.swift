import Foundation
import Synchronization

@testable import shared_memory_probe

/// A folder for a group to meet in.
struct MeetingFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "shared-memory-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// Runs ranks as threads of this process, each with a group of its own, and returns what each gave or threw.
func outcomes<Value: Sendable>(
    _ worldSize: Int, timeout: Int = 20_000, _ body: @escaping @Sendable (SharedGroup) throws -> Value
) throws -> [Result<Value, any Error>] {
    let folder = try MeetingFolder()
    defer { folder.remove() }
    let path = folder.path
    let done = DispatchGroup()
    let results = RankResults<Value>()
    for rank in 0..<worldSize {
        done.enter()
        Thread {
            let result = Result {
                try body(try SharedGroup(folder: path, rank: rank, worldSize: worldSize, timeout: timeout))
            }
            results.set(rank, result)
            done.leave()
        }.start()
    }
    done.wait()
    return (0..<worldSize).compactMap { results.value($0) }
}

/// The same where none may throw.
func onRanks<Value: Sendable>(
    _ worldSize: Int, _ body: @escaping @Sendable (SharedGroup) throws -> Value
) throws -> [Value] {
    try outcomes(worldSize, body).map { try $0.get() }
}

private final class RankResults<Value: Sendable>: Sendable {
    private let results = Mutex<[Int: Result<Value, any Error>]>([:])

    func set(_ rank: Int, _ result: Result<Value, any Error>) { results.withLock { $0[rank] = result } }
    func value(_ rank: Int) -> Result<Value, any Error>? { results.withLock { $0[rank] } }
}
