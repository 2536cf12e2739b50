/// Slurm's `srun`.
///
/// Only a task of a job step is a rank: `sbatch` gives its script `SLURM_PROCID` and `SLURM_NTASKS` too, but
/// `SLURM_STEP_ID` comes from `srun`. `SLURM_NTASKS_PER_NODE` is the job's request, and a step may have fewer.
enum Slurm: ClusterEnvironment {
    static let name = "Slurm"

    /// From here on Slurm's step numbers are names, such as that of the shell that `salloc` starts on a node.
    private static let firstSpecialStep = 0xffff_fff0

    static func detect(_ environment: [String: String]) throws -> RankEnvironment? {
        let variables = Variables(environment: environment, launcher: name)
        guard let step = try variables.number("SLURM_STEP_ID"), step.value < firstSpecialStep else { return nil }
        let sizeName = environment["SLURM_STEP_NUM_TASKS"] == nil ? "SLURM_NTASKS" : "SLURM_STEP_NUM_TASKS"
        let numbers = try variables.numbers(
            "SLURM_STEP_ID", "SLURM_PROCID", sizeName, "SLURM_LOCALID", "SLURM_NODEID", "SLURM_JOB_ID")
        guard let rank = numbers["SLURM_PROCID"], let size = numbers[sizeName],
            let localRank = numbers["SLURM_LOCALID"],
            let node = numbers["SLURM_NODEID"], let job = numbers["SLURM_JOB_ID"], size.value != 1
        else { return nil }

        let countsName =
            environment["SLURM_STEP_TASKS_PER_NODE"] == nil ? "SLURM_TASKS_PER_NODE" : "SLURM_STEP_TASKS_PER_NODE"
        let listName = environment["SLURM_STEP_NODELIST"] == nil ? "SLURM_JOB_NODELIST" : "SLURM_STEP_NODELIST"
        let counts = try TaskCounts.expand(try text(countsName, variables), of: countsName)
        guard counts.indices.contains(node.value), counts.reduce(0, +) == size.value else {
            throw RankProtocolError(
                .contradiction,
                "SLURM_NODEID is \(node.value), \(sizeName) is \(size.value) and \(countsName) is "
                    + "\(environment[countsName] ?? ""), which do not fit together. Probably some of them are left over "
                    + "from another job: start the program with srun, or unset SLURM_STEP_ID.")
        }
        return try RankEnvironment(
            launcher: name, rank: rank, localRank: localRank, worldSize: size,
            localWorldSize: Sourced(value: counts[node.value], source: countsName), groupRank: node,
            masterAddress: try variables.text("MASTER_ADDR")
                ?? (counts.count == 1
                    ? Sourced(value: "127.0.0.1", source: "all ranks are on one machine")
                    : Sourced(
                        value: try HostList.expand(try text(listName, variables), of: listName)[0],
                        source: "first host of \(listName)")),
            masterPort: try variables.number("MASTER_PORT")
                ?? Sourced(
                    value: DerivedPort.port(job: UInt64(max(job.value, 0)), step: UInt64(max(step.value, 0))),
                    source: "SLURM_JOB_ID and SLURM_STEP_ID"))
    }

    private static func text(_ name: String, _ variables: Variables) throws -> String {
        guard let text = variables.environment[name] else {
            throw RankProtocolError(
                .missingVariable,
                "SLURM_STEP_ID in the environment, but not \(name). Start the program with srun and pass on all "
                    + "variables that it sets, or unset SLURM_STEP_ID to run as a single process.")
        }
        return text
    }
}
