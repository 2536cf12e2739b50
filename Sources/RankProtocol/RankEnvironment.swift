/// Who a process is among the ranks of a job: torchrun's environment variables.
public struct RankEnvironment: Sendable, Hashable {
    /// This process's number in the job, from 0: `RANK`.
    public let rank: Int
    /// This process's number on its machine, from 0: `LOCAL_RANK`.
    public let localRank: Int
    /// The number of processes of the job: `WORLD_SIZE`.
    public let worldSize: Int
    /// The number of processes on this machine: `LOCAL_WORLD_SIZE`.
    public let localWorldSize: Int
    /// The machine's number, from 0: `GROUP_RANK`.
    public let groupRank: Int
    /// The host where the store is: `MASTER_ADDR`.
    public let masterAddress: String
    /// The store's TCP port: `MASTER_PORT`.
    public let masterPort: Int

    /// Describes a rank.
    ///
    /// - Parameters:
    ///   - rank: the process's number in the job.
    ///   - localRank: its number on its machine.
    ///   - worldSize: the number of processes of the job.
    ///   - localWorldSize: the number of processes on its machine.
    ///   - groupRank: the machine's number.
    ///   - masterAddress: the host where the store is.
    ///   - masterPort: the store's TCP port.
    /// - Throws: ``RankProtocolError`` with `malformedVariable` or `contradiction`, in terms of the variables.
    public init(
        rank: Int, localRank: Int, worldSize: Int, localWorldSize: Int, groupRank: Int = 0, masterAddress: String,
        masterPort: Int
    ) throws {
        self.rank = rank
        self.localRank = localRank
        self.worldSize = worldSize
        self.localWorldSize = localWorldSize
        self.groupRank = groupRank
        self.masterAddress = masterAddress
        self.masterPort = masterPort
        try validate()
    }

    /// The variables that say the same.
    public var variables: [String: String] {
        [
            Variable.rank: "\(rank)", Variable.localRank: "\(localRank)", Variable.worldSize: "\(worldSize)",
            Variable.localWorldSize: "\(localWorldSize)", Variable.groupRank: "\(groupRank)",
            Variable.masterAddress: masterAddress, Variable.masterPort: "\(masterPort)",
        ]
    }

    enum Variable {
        static let rank = "RANK"
        static let localRank = "LOCAL_RANK"
        static let worldSize = "WORLD_SIZE"
        static let localWorldSize = "LOCAL_WORLD_SIZE"
        static let groupRank = "GROUP_RANK"
        static let masterAddress = "MASTER_ADDR"
        static let masterPort = "MASTER_PORT"
    }

    private func validate() throws {
        try Self.require(rank, Variable.rank, in: 0..., "a number from 0")
        try Self.require(worldSize, Variable.worldSize, in: 1..., "a number from 1")
        try Self.require(localRank, Variable.localRank, in: 0..., "a number from 0")
        try Self.require(localWorldSize, Variable.localWorldSize, in: 1..., "a number from 1")
        try Self.require(groupRank, Variable.groupRank, in: 0..., "a number from 0")
        try Self.require(masterPort, Variable.masterPort, in: 1...65535, "a port from 1 to 65535")
        if masterAddress.isEmpty {
            throw RankProtocolError(.malformedVariable, "\(Variable.masterAddress) is empty: expected a host.")
        }
        try Self.require(Variable.rank, rank, below: Variable.worldSize, worldSize)
        try Self.require(Variable.localRank, localRank, below: Variable.localWorldSize, localWorldSize)
        try Self.require(Variable.localWorldSize, localWorldSize - 1, below: Variable.worldSize, worldSize, offset: 1)
    }

    private static func require(
        _ value: Int, _ name: String, in range: some RangeExpression<Int>, _ expected: String
    ) throws {
        guard range.contains(value) else {
            throw RankProtocolError(.malformedVariable, "\(name) is \(value): expected \(expected).")
        }
    }

    private static func require(
        _ name: String, _ value: Int, below other: String, _ limit: Int, offset: Int = 0
    ) throws {
        guard value < limit else {
            let relation = offset == 0 ? "less than" : "at most"
            throw RankProtocolError(
                .contradiction,
                "\(name) is \(value + offset) and \(other) is \(limit): \(name) has to be \(relation) \(other). Check "
                    + "what starts the ranks.")
        }
    }
}
