/// Open MPI's `mpirun`.
enum OpenMPI: ClusterEnvironment {
    static let name = "Open MPI"

    static func detect(_ environment: [String: String]) throws -> RankEnvironment? {
        guard environment["OMPI_COMM_WORLD_RANK"] != nil || environment["OMPI_COMM_WORLD_SIZE"] != nil else {
            return nil
        }
        let variables = Variables(environment: environment, launcher: name)
        let numbers = try variables.numbers(
            "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE")
        guard let rank = numbers["OMPI_COMM_WORLD_RANK"], let size = numbers["OMPI_COMM_WORLD_SIZE"],
            let localRank = numbers["OMPI_COMM_WORLD_LOCAL_RANK"],
            let localSize = numbers["OMPI_COMM_WORLD_LOCAL_SIZE"], size.value != 1
        else { return nil }
        // Release 4 has both; release 5 has the second alone, such as prterun-host-4711@1.
        let identity = ["OMPI_MCA_ess_base_jobid", "PMIX_NAMESPACE"].lazy.compactMap { variables.text($0) }.first
        return try MPIPlace.place(
            variables, rank: rank, size: size, localRank: localRank, localSize: localSize, identity: identity,
            option: "mpirun -x")
    }
}

/// MPICH's and Intel MPI's `mpiexec`, whose process manager is Hydra.
enum MPICH: ClusterEnvironment {
    static let name = "MPICH"

    static func detect(_ environment: [String: String]) throws -> RankEnvironment? {
        guard environment["PMI_RANK"] != nil || environment["PMI_SIZE"] != nil else { return nil }
        // Slurm's own PMI server sets the first two alone.
        if environment["MPI_LOCALNRANKS"] == nil, environment["SLURM_STEP_ID"] != nil { return nil }
        let variables = Variables(environment: environment, launcher: name)
        let numbers = try variables.numbers("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS")
        guard let rank = numbers["PMI_RANK"], let size = numbers["PMI_SIZE"],
            let localRank = numbers["MPI_LOCALRANKID"], let localSize = numbers["MPI_LOCALNRANKS"], size.value != 1
        else { return nil }
        // Hydra sets nothing that is the same for all ranks of a job and differs between jobs.
        return try MPIPlace.place(
            variables, rank: rank, size: size, localRank: localRank, localSize: localSize, identity: nil,
            option: "mpiexec -genv")
    }
}

/// What the implementations of MPI have in common: they know all numbers, and no host.
private enum MPIPlace {
    static func place(
        _ variables: Variables, rank: Sourced<Int>, size: Sourced<Int>, localRank: Sourced<Int>,
        localSize: Sourced<Int>, identity: Sourced<String>?, option: String
    ) throws -> RankEnvironment {
        let isOneMachine = localSize.value == size.value
        let equals = option.hasSuffix("-x") ? "=" : " "
        guard
            let address = variables.text("MASTER_ADDR")
                ?? (isOneMachine ? Sourced(value: "127.0.0.1", source: "all ranks are on one machine") : nil)
        else {
            throw RankProtocolError(
                .missingVariable,
                "MASTER_ADDR is not in the environment. \(variables.launcher) has started \(size.value) ranks, "
                    + "\(localSize.value) of them on this machine, and does not say on which host rank 0 is: name it "
                    + "with `\(option) MASTER_ADDR\(equals)host`.")
        }
        guard
            let port = try variables.number("MASTER_PORT")
                ?? identity.map({ Sourced(value: DerivedPort.port(identity: $0.value), source: $0.source) })
        else {
            throw RankProtocolError(
                .missingVariable,
                "MASTER_PORT is not in the environment, and \(variables.launcher) has set nothing from which all ranks "
                    + "could compute the same port: name a free one with `\(option) MASTER_PORT\(equals)29500`.")
        }
        return try RankEnvironment(
            launcher: variables.launcher, rank: rank, localRank: localRank, worldSize: size, localWorldSize: localSize,
            groupRank: isOneMachine
                ? Sourced(value: 0, source: "all ranks are on one machine")
                : Sourced(
                    value: rank.value / max(localSize.value, 1), source: "\(rank.source) / \(localSize.source)"),
            masterAddress: address, masterPort: port)
    }
}
