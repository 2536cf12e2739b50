/// torchrun, our own launcher, and all that set torchrun's variables, such as Kubernetes training operators.
enum Torchrun: ClusterEnvironment {
    static let name = "torchrun"

    /// Whether an agent has set the variables for this very process.
    static func isAgentsRank(_ environment: [String: String]) -> Bool {
        environment[PyTorchVariable.runID] != nil || environment[LauncherVariable.controlDescriptor] != nil
    }

    static func detect(_ environment: [String: String]) throws -> RankEnvironment? {
        typealias Name = RankEnvironment.Variable
        guard environment[Name.rank] != nil || environment[Name.worldSize] != nil else {
            try requireNoPods(environment)
            return nil
        }
        let variables = Variables(environment: environment, launcher: name)
        let needed = [Name.rank, Name.worldSize, Name.masterAddress, Name.masterPort]
        let missing = needed.filter { environment[$0] == nil }
        guard missing.isEmpty, let address = variables.text(Name.masterAddress),
            let rank = try variables.number(Name.rank), let worldSize = try variables.number(Name.worldSize),
            let port = try variables.number(Name.masterPort)
        else {
            let given = needed.filter { environment[$0] != nil }
            throw RankProtocolError(
                .missingVariable,
                "\(given.joined(separator: ", ")) in the environment, but not \(missing.joined(separator: ", ")). Set "
                    + "all of them, or unset \(Name.rank) and \(Name.worldSize) to run as a single process.")
        }
        try requireRankOfProcess(environment)
        // Some operators give the first pod a loopback address; each pod is a machine still.
        let isOneMachine = isLoopback(address.value) && environment["PET_NODE_RANK"] == nil
        let givenLocalRank = try variables.number(Name.localRank)
        let localWorldSize =
            try variables.number(Name.localWorldSize)
            ?? (isOneMachine
                ? Sourced(value: worldSize.value, source: "WORLD_SIZE, since MASTER_ADDR is this machine")
                : Sourced(value: (givenLocalRank?.value ?? 0) + 1, source: "LOCAL_WORLD_SIZE is not set"))
        let divisor = max(localWorldSize.value, 1)
        return try RankEnvironment(
            launcher: name, rank: rank,
            localRank: givenLocalRank ?? Sourced(value: rank.value % divisor, source: "RANK % LOCAL_WORLD_SIZE"),
            worldSize: worldSize, localWorldSize: localWorldSize,
            groupRank: try variables.number(Name.groupRank)
                ?? Sourced(value: rank.value / divisor, source: "RANK / LOCAL_WORLD_SIZE"),
            masterAddress: address, masterPort: port)
    }

    private static func isLoopback(_ address: String) -> Bool {
        address == "localhost" || address == "::1" || address.hasPrefix("127.")
    }

    /// PyTorchJob with several processes a pod counts pods in `RANK` and processes in `WORLD_SIZE`, for torchrun.
    private static func requireRankOfProcess(_ environment: [String: String]) throws {
        guard let text = environment["PET_NPROC_PER_NODE"], let count = Int(text), count > 1,
            environment[RankEnvironment.Variable.localRank] == nil
        else { return }
        throw RankProtocolError(
            .contradiction,
            "PET_NPROC_PER_NODE is \(count), so RANK counts pods and WORLD_SIZE processes. Start the program with "
                + "torchrun in each pod, or set nprocPerNode of the PyTorchJob to \"1\" and use a pod for each rank.")
    }

    /// Without torchrun each pod of such a job would train alone.
    private static func requireNoPods(_ environment: [String: String]) throws {
        guard let nodes = environment["PET_NNODES"], nodes != "1", nodes != "1:1" else { return }
        throw RankProtocolError(
            .missingVariable,
            "PET_NNODES is \(nodes), but RANK and WORLD_SIZE are not in the environment: the training operator "
                + "leaves them to torchrun. Start the program with torchrun in each pod, or use a PyTorchJob with a "
                + "Master replica and without elasticPolicy; unset PET_NNODES to run as a single process.")
    }
}
