/// What starts processes as the ranks of a job and tells each of them so in its environment.
protocol ClusterEnvironment {
    /// Its name, for people.
    static var name: String { get }

    /// This process's place; nil where nothing of the kind has started it as one of several ranks.
    ///
    /// - Throws: ``RankProtocolError`` where the environment is of this kind and cannot be understood.
    static func detect(_ environment: [String: String]) throws -> RankEnvironment?
}

/// Which of several environments speaks for a process.
enum ClusterEnvironments {
    /// Innermost first: `mpirun` starts its daemons with `srun`, and ranks inherit the daemons' Slurm variables.
    static var clusters: [any ClusterEnvironment.Type] { [OpenMPI.self, MPICH.self, Slurm.self] }

    /// The place that the environment describes; nil where it describes none.
    ///
    /// torchrun and our own launcher have set the variables for this very process. Otherwise `RANK` may be anybody's,
    /// such as a login shell's, and has to agree with what a cluster says.
    static func detect(_ environment: [String: String]) throws -> RankEnvironment? {
        if Torchrun.isAgentsRank(environment) { return try Torchrun.detect(environment) }
        for cluster in clusters {
            guard let place = try cluster.detect(environment) else { continue }
            try requireAgreement(of: place, from: cluster.name, environment)
            return place
        }
        return try Torchrun.detect(environment)
    }

    private static func requireAgreement(
        of place: RankEnvironment, from name: String, _ environment: [String: String]
    ) throws {
        for origin in place.origins {
            guard let given = environment[origin.name], given != origin.value else { continue }
            throw RankProtocolError(
                .contradiction,
                "\(origin.name) is \(given) in the environment, but \(name) says \(origin.value) (\(origin.source)). "
                    + "Probably \(origin.name) was left over in the shell that submitted the job: unset RANK, WORLD_SIZE, "
                    + "LOCAL_RANK, LOCAL_WORLD_SIZE and GROUP_RANK there.")
        }
    }
}
