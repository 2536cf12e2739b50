extension RankEnvironment {
    /// Reads a process's environment; nil where it has neither `RANK` nor `WORLD_SIZE`.
    ///
    /// `LOCAL_RANK`, `LOCAL_WORLD_SIZE` and `GROUP_RANK` may be absent. Then all ranks are taken to be on this machine
    /// if `MASTER_ADDR` is a loopback address, and otherwise each on a machine of its own; where one of the local
    /// numbers is there, the other follows from it.
    ///
    /// - Throws: ``RankProtocolError``: `missingVariable` with the names of all that are missing, `malformedVariable`,
    ///   or `contradiction`.
    public init?(environment: [String: String]) throws {
        guard environment[Variable.rank] != nil || environment[Variable.worldSize] != nil else { return nil }
        let needed = [Variable.rank, Variable.worldSize, Variable.masterAddress, Variable.masterPort]
        let missing = needed.filter { environment[$0] == nil }
        guard missing.isEmpty, let address = environment[Variable.masterAddress],
            let rank = try Self.number(Variable.rank, environment),
            let worldSize = try Self.number(Variable.worldSize, environment),
            let port = try Self.number(Variable.masterPort, environment)
        else {
            let given = needed.filter { environment[$0] != nil }
            throw RankProtocolError(
                .missingVariable,
                "\(given.joined(separator: ", ")) in the environment, but not \(missing.joined(separator: ", ")). Set "
                    + "all of them, or unset \(Variable.rank) and \(Variable.worldSize) to run as a single process.")
        }
        let isOneMachine = address == "localhost" || address == "::1" || address.hasPrefix("127.")
        let givenLocalRank = try Self.number(Variable.localRank, environment)
        let localWorldSize =
            try Self.number(Variable.localWorldSize, environment)
            ?? (isOneMachine ? worldSize : (givenLocalRank ?? 0) + 1)
        let localRank = givenLocalRank ?? (localWorldSize > 0 ? rank % localWorldSize : 0)
        let groupRank =
            try Self.number(Variable.groupRank, environment) ?? (localWorldSize > 0 ? rank / localWorldSize : 0)
        try self.init(
            rank: rank, localRank: localRank, worldSize: worldSize, localWorldSize: localWorldSize,
            groupRank: groupRank, masterAddress: address, masterPort: port)
    }

    /// The number that a variable has; nil where there is no such variable.
    private static func number(_ name: String, _ environment: [String: String]) throws -> Int? {
        guard let text = environment[name] else { return nil }
        guard let number = Int(text) else {
            throw RankProtocolError(.malformedVariable, "\(name) is \"\(text)\": expected a whole number.")
        }
        return number
    }
}
