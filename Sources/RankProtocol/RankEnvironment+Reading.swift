extension RankEnvironment {
    /// Reads a process's environment; nil where nothing has started this process as one of several ranks.
    ///
    /// <doc:ClusterEnvironments> says which variables of torchrun, Slurm, Open MPI and MPICH are read. Of torchrun's,
    /// `LOCAL_RANK`, `LOCAL_WORLD_SIZE` and `GROUP_RANK` may be absent. Then all ranks are taken to be on this machine
    /// if `MASTER_ADDR` is a loopback address, and otherwise each on a machine of its own; where one of the local
    /// numbers is there, the other follows from it.
    ///
    /// - Throws: ``RankProtocolError``: `missingVariable` with the names of all that are missing, `malformedVariable`,
    ///   or `contradiction`.
    public init?(environment: [String: String]) throws {
        guard let place = try ClusterEnvironments.detect(environment) else { return nil }
        self = place
    }
}
