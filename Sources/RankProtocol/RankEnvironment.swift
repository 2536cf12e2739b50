/// Who a process is among the ranks of a job: the values of torchrun's environment variables.
public struct RankEnvironment: Sendable {
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
    /// What has started the process, such as `Slurm`; nil where the program itself has given the values.
    public let launcher: String?
    /// Whether torchrun's own variables were read, which say more than is here: who serves the store, and how.
    public var hasTorchrunVariables: Bool { launcher == Torchrun.name }
    private let sources: [String: String]

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
        func given<Value>(_ value: Value) -> Sourced<Value> { Sourced(value: value, source: "given by the program") }
        try self.init(
            launcher: nil, rank: given(rank), localRank: given(localRank), worldSize: given(worldSize),
            localWorldSize: given(localWorldSize), groupRank: given(groupRank), masterAddress: given(masterAddress),
            masterPort: given(masterPort))
    }

    /// Describes a rank in values that a launcher has set.
    init(
        launcher: String?, rank: Sourced<Int>, localRank: Sourced<Int>, worldSize: Sourced<Int>,
        localWorldSize: Sourced<Int>, groupRank: Sourced<Int>, masterAddress: Sourced<String>, masterPort: Sourced<Int>
    ) throws {
        self.launcher = launcher
        self.rank = rank.value
        self.localRank = localRank.value
        self.worldSize = worldSize.value
        self.localWorldSize = localWorldSize.value
        self.groupRank = groupRank.value
        self.masterAddress = masterAddress.value
        self.masterPort = masterPort.value
        sources = [
            Variable.rank: rank.source, Variable.localRank: localRank.source, Variable.worldSize: worldSize.source,
            Variable.localWorldSize: localWorldSize.source, Variable.groupRank: groupRank.source,
            Variable.masterAddress: masterAddress.source, Variable.masterPort: masterPort.source,
        ]
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

    /// A value, and where it came from.
    public struct Origin: Sendable, Hashable {
        /// The name of torchrun's variable for it, such as `RANK`.
        public let name: String
        /// The value as that variable's.
        public let value: String
        /// The variable that was read, such as `SLURM_PROCID`, or a phrase where the value follows from others.
        public let source: String
    }

    /// All values with their sources, in the order of the names.
    public var origins: [Origin] {
        variables.sorted { $0.key < $1.key }.map {
            Origin(name: $0.key, value: $0.value, source: sources[$0.key] ?? $0.key)
        }
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
        try require(rank, Variable.rank, in: 0..., "a number from 0")
        try require(worldSize, Variable.worldSize, in: 1..., "a number from 1")
        try require(localRank, Variable.localRank, in: 0..., "a number from 0")
        try require(localWorldSize, Variable.localWorldSize, in: 1..., "a number from 1")
        try require(groupRank, Variable.groupRank, in: 0..., "a number from 0")
        try require(masterPort, Variable.masterPort, in: 1...65535, "a port from 1 to 65535")
        if masterAddress.isEmpty {
            throw RankProtocolError(.malformedVariable, "\(Variable.masterAddress) is empty: expected a host.")
        }
        try require(Variable.rank, rank, below: Variable.worldSize, worldSize)
        try require(Variable.localRank, localRank, below: Variable.localWorldSize, localWorldSize)
        try require(Variable.localWorldSize, localWorldSize - 1, below: Variable.worldSize, worldSize, offset: 1)
    }

    private func require(
        _ value: Int, _ name: String, in range: some RangeExpression<Int>, _ expected: String
    ) throws {
        guard range.contains(value) else {
            throw RankProtocolError(.malformedVariable, "\(label(name)) is \(value): expected \(expected).")
        }
    }

    private func require(
        _ name: String, _ value: Int, below other: String, _ limit: Int, offset: Int = 0
    ) throws {
        guard value < limit else {
            let relation = offset == 0 ? "less than" : "at most"
            throw RankProtocolError(
                .contradiction,
                "\(label(name)) is \(value + offset) and \(label(other)) is \(limit): \(label(name)) has to be "
                    + "\(relation) \(label(other)). Check what starts the ranks.")
        }
    }

    /// The variable that a value was read from; torchrun's where it follows from others.
    private func label(_ name: String) -> String {
        sources[name].flatMap { $0.contains(" ") ? nil : $0 } ?? name
    }
}

extension RankEnvironment: Hashable {
    /// Whether two places are the same, whatever their values come from.
    public static func == (left: RankEnvironment, right: RankEnvironment) -> Bool {
        left.variables == right.variables
    }

    /// Hashes what ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(variables)
    }
}
