import CTorch
import Foundation

/// The wait for all ranks at a store that rank 0 serves, before they connect to each other.
///
/// Ranks are counted as c10d counts them, so that those of PyTorch count too; ranks of this package also leave a name.
struct StoreGathering {
    let store: Store
    let rank: Int
    let worldSize: Int
    /// The time limit, of which a part may be over.
    let timeout: Duration

    private func key(_ rank: Int) -> String { "lockstep/joined/\(rank)" }

    /// Announces this rank, and waits until all have come.
    ///
    /// - Throws: ``DistributedError`` with `timedOut` and the ranks that are missing, on all that have come.
    func wait(until deadline: ContinuousClock.Instant) throws {
        let failure = JoiningFailure(store: store, worldSize: worldSize, readerKey: key)
        do {
            try store.set(key(rank), "")
            // Clients have been counted when they connected.
            var count = try workers(adding: store.server?.isOwn == true ? 1 : 0)
            var notices = WaitingNotices()
            var pause = 0.001
            while count < worldSize {
                if let told = failure.told() { throw told }
                guard ContinuousClock.now < deadline else { throw failure.tell(timedOut(try words(count))) }
                if try present().first == rank { notices.say((try? words(count)) ?? "", until: deadline) }
                Thread.sleep(forTimeInterval: pause)
                pause = min(2 * pause, 0.05)
                count = try workers(adding: 0)
            }
        } catch let error as DistributedError where [.storeFailed, .failed].contains(error.code) {
            throw DistributedError(
                .connectionLost,
                "\(error.message)\n  Rank 0 serves the store, and has probably ended while the ranks came together; its own "
                    + "output says why.")
        }
    }

    private func timedOut(_ words: String) -> DistributedError {
        DistributedError(
            .timedOut,
            "\(words) after \(timeout.milliseconds / 1000) s\n  Check that all of the \(worldSize) ranks were started, each "
                + "with a number of its own, and that they reach the store.")
    }

    /// How many processes c10d counts.
    private func workers(adding number: Int64) throws -> Int {
        var count: Int64 = 0
        guard ct_store_count_workers(store.handle, number, &count) else {
            throw DistributedError.last("waiting for \(worldSize) ranks at the store")
        }
        return Int(count)
    }

    /// The ranks that have left their names.
    private func present() throws -> [Int] {
        try (0..<worldSize).filter { try $0 == rank || store.contains(key($0)) }
    }

    private func words(_ count: Int) throws -> String {
        let present = try present()
        let missing = (0..<worldSize).filter { !present.contains($0) }
        // A rank that comes just now, or one of PyTorch.
        guard missing.count > worldSize - count else { return joinedInWords(worldSize, missing: missing) }
        return "\(count) of \(worldSize) ranks have joined; those missing are among \(ranksInWords(missing))"
    }
}
