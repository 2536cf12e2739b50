import Foundation
import Torch

extension ProcessGroup {
    /// Runs `body` on this rank alone: a collective inside it throws at once instead of waiting for the others.
    package func refusingCollectives<Result>(in place: String, _ body: () throws -> Result) rethrows -> Result {
        try recorder.refusingCollectives(in: place, body)
    }

    /// Gives every rank a text of every rank, through the store.
    ///
    /// It is no collective: nothing is sent between the ranks themselves, and ranks of another program take no part.
    ///
    /// - Parameters:
    ///   - subject: what the texts are; ranks that exchange the same subject for the nth time meet.
    ///   - text: this rank's.
    ///   - timeout: how long to wait for the others.
    /// - Returns: the texts by rank; nil for ranks of another program.
    /// - Throws: ``DistributedError``: the group's failure meanwhile, or `timedOut` with the ranks that are missing.
    package func exchange(_ subject: String, _ text: String, timeout: Duration? = nil) throws -> [String?] {
        let number = countExchange(of: subject)
        func key(_ rank: Int) -> String { "lockstep/\(subject)/\(number)/\(rank)" }
        try store.set(key(rank), text)
        var texts = [String?](repeating: nil, count: worldSize)
        texts[rank] = text
        let deadline = ContinuousClock.now.advanced(by: timeout ?? self.timeout)
        for peer in recorder.peers {
            try wait(for: key(peer), until: deadline) {
                let missing = self.recorder.peers.filter { (try? self.store.contains(key($0))) != true }
                return "\(subject): \(ranksInWords(missing)) did not come within "
                    + "\((timeout ?? self.timeout).milliseconds / 1000) s"
            }
            texts[peer] = try store.text(key(peer))
        }
        return texts
    }

    /// Waits for a key, and gives up as soon as the group has failed.
    package func wait(
        for key: String, until deadline: ContinuousClock.Instant, _ complaint: () -> String
    ) throws {
        var pause = 0.0005
        while try !store.contains(key) {
            if let failure { throw failure }
            guard ContinuousClock.now < deadline else { throw DistributedError(.timedOut, complaint()) }
            // The store's own wait can neither be interrupted nor run out of time without a warning on standard error.
            Thread.sleep(forTimeInterval: pause)
            pause = min(2 * pause, 0.02)
        }
    }

    /// Throws unless all ranks have the same value; a collective, which ranks of another program know nothing of.
    ///
    /// - Throws: ``DistributedError`` with `valuesDiffer` that names the values and their ranks, on all ranks.
    package func requireAgreement(on subject: String, _ value: String) throws {
        guard worldSize > 1 else { return }
        // Checksums travel as fast as gradients; the texts, for the message, only where they differ.
        let own = Array("\(subject): \(value)".utf8).withUnsafeBytes { Int64(bitPattern: $0.digest) }
        let digests = try allGather(Tensor(own)).wait()
        guard digests.contains(where: { $0.item(as: Int64.self) != own }) else { return }
        let values = try exchange(subject, value)
        guard values.contains(where: { $0 != nil && $0 != value }) else { return }
        var ranks: [String: [Int]] = [:]
        for (rank, value) in values.enumerated() { if let value { ranks[value, default: []].append(rank) } }
        let sides = ranks.sorted { $0.value[0] < $1.value[0] }.map { value, ranks in
            "\(value) on \(ranksInWords(ranks))"
        }
        throw DistributedError(
            .valuesDiffer,
            "\(subject) differs between ranks: \(sides.joined(separator: "; ")). It must be the same on all.")
    }
}
