import Foundation

/// Why ranks do not come together, told through the store, so that all of them end with it.
struct JoiningFailure {
    let store: Store
    let worldSize: Int
    /// A key that a rank has set if it reads what is told here; those of PyTorch have none.
    let readerKey: (Int) -> String

    private static let key = "lockstep/not-joined"
    /// Counts the ranks that know.
    private static let counter = "lockstep/not-joined/known"

    /// What another rank has told, if so.
    func told() -> DistributedError? {
        guard (try? store.contains(Self.key)) == true, let text = try? store.text(Self.key) else { return nil }
        _ = try? store.add(Self.counter, 1)
        if store.server?.isOwn == true { waitForReaders() }
        return error(from: text)
    }

    /// Tells the others, unless one of them was first.
    ///
    /// - Returns: what all of them end with.
    func tell(_ error: DistributedError) -> DistributedError {
        let text = "\(error.code)\n\(error.message)"
        let held = (try? store.compareSet(Self.key, expected: [], desired: Array(text.utf8))) ?? Array(text.utf8)
        _ = try? store.add(Self.counter, 1)
        waitForReaders()
        return self.error(from: String(decoding: held, as: UTF8.self))
    }

    /// The store may end with this process, so it stays a moment until the others have read.
    private func waitForReaders() {
        let expected = (0..<worldSize).count { (try? store.contains(readerKey($0))) == true }
        let deadline = ContinuousClock.now.advanced(by: .seconds(2))
        while let count = try? store.add(Self.counter, 0), count < expected, ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    private func error(from text: String) -> DistributedError {
        let parts = text.split(separator: "\n", maxSplits: 1).map(String.init)
        return DistributedError(parts.first.flatMap { .init(named: $0) } ?? .failed, parts.last ?? text)
    }
}
