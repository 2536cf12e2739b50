extension ProcessGroup {
    /// A group of some of these ranks; all ranks call it, in the same order (PyTorch's `new_group`).
    ///
    /// - Parameters:
    ///   - ranks: the members' numbers here; their order gives their numbers there.
    ///   - timeout: how long the new group's collectives wait; as here if nil.
    /// - Returns: the group, or nil on ranks that are not members.
    /// - Throws: ``DistributedError``.
    public func subgroup(_ ranks: [Int], timeout: Duration? = nil) throws -> ProcessGroup? {
        guard !ranks.isEmpty, Set(ranks).count == ranks.count, ranks.allSatisfy((0..<worldSize).contains) else {
            throw DistributedError(
                .invalidArgument,
                "subgroup of ranks \(ranks): members are different ranks of 0...\(worldSize - 1), at least one")
        }
        let number = countSubgroup()
        guard let own = ranks.firstIndex(of: rank) else { return nil }
        return try ProcessGroup(
            requestedBackend, base: store.prefixed("groups"), number: number,
            name: "the group of \(ranksInWords(ranks))", rank: own,
            worldSize: ranks.count, timeout: timeout ?? self.timeout, joinTimeout: nil, address: localAddress,
            portRange: portRange, sharesPages: sharesPages, whereabouts: whereabouts)
    }
}
