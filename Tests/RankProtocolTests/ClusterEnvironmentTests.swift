import RankProtocol
import Testing

@Suite("A cluster's environment")
struct ClusterEnvironmentTests {
    // As Slurm 22.05 sets them: task 3 of `srun -N2 --ntasks-per-node=2`.
    static let slurm = [
        "SLURM_JOB_ID": "2", "SLURM_JOB_NODELIST": "node[01-02]", "SLURM_LOCALID": "1", "SLURM_NODEID": "1",
        "SLURM_NTASKS": "4", "SLURM_NTASKS_PER_NODE": "2", "SLURM_PROCID": "3", "SLURM_STEP_ID": "0",
        "SLURM_STEP_NODELIST": "node[01-02]", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
        "SLURM_TASKS_PER_NODE": "2(x2)",
    ]
    // The script that `sbatch -N2 --ntasks-per-node=2` starts.
    static let script = [
        "SLURM_JOB_ID": "2", "SLURM_JOB_NODELIST": "node[01-02]", "SLURM_LOCALID": "0", "SLURM_NODEID": "0",
        "SLURM_NTASKS": "4", "SLURM_NTASKS_PER_NODE": "2", "SLURM_PROCID": "0", "SLURM_TASKS_PER_NODE": "2(x2)",
    ]
    // The program that `salloc -N2 -n3` starts.
    static let allocation = [
        "SLURM_JOB_ID": "3", "SLURM_JOB_NODELIST": "node[01-02]", "SLURM_NTASKS": "3", "SLURM_TASKS_PER_NODE": "2,1",
    ]
    // As Open MPI 4.1.4's `mpirun -n 2` on one machine.
    static let openMPI = [
        "OMPI_COMM_WORLD_LOCAL_RANK": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "2", "OMPI_COMM_WORLD_NODE_RANK": "1",
        "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_MCA_ess_base_jobid": "546766849",
        "PMIX_NAMESPACE": "546766849", "PMIX_RANK": "1",
    ]
    // As MPICH 4.0.2's `mpiexec.hydra -n 2`.
    static let mpich = [
        "MPI_LOCALNRANKS": "2", "MPI_LOCALRANKID": "1", "PMI_FD": "8", "PMI_RANK": "1", "PMI_SIZE": "2",
    ]
    static let torchrun = [
        "RANK": "5", "LOCAL_RANK": "1", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "GROUP_RANK": "1",
        "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29500", "TORCHELASTIC_RUN_ID": "none",
    ]
    // As Kubeflow's operator sets them in the first worker of a PyTorchJob with a master.
    static let pod = [
        "MASTER_ADDR": "mnist-master-0", "MASTER_PORT": "23456", "WORLD_SIZE": "2", "RANK": "1",
        "PET_NPROC_PER_NODE": "auto", "PET_NODE_RANK": "1", "PET_NNODES": "2", "PYTHONUNBUFFERED": "0",
    ]

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let variables: [String: String]
        /// Launcher, rank/worldSize, localRank/localWorldSize, groupRank, address:port.
        let place: String?
    }

    private static func row(
        _ title: String, _ variables: [String: String], _ more: [String: String] = [:], _ place: String?
    ) -> Row {
        Row(testDescription: title, variables: variables.merging(more) { $1 }, place: place)
    }

    private static let rows = [
        row("srun", slurm, [:], "Slurm 3/4 1/2 1 node01:20002"),
        row("srun, second step", slurm, ["SLURM_STEP_ID": "1"], "Slurm 3/4 1/2 1 node01:27921"),
        row("srun, next job", slurm, ["SLURM_JOB_ID": "10003"], "Slurm 3/4 1/2 1 node01:20003"),
        row(
            "srun with address and port", slurm, ["MASTER_ADDR": "10.0.0.7", "MASTER_PORT": "5000"],
            "Slurm 3/4 1/2 1 10.0.0.7:5000"),
        row(
            "srun, unequal nodes", slurm,
            [
                "SLURM_STEP_NUM_TASKS": "3", "SLURM_PROCID": "2", "SLURM_LOCALID": "0",
                "SLURM_STEP_TASKS_PER_NODE": "2,1",
            ],
            "Slurm 2/3 0/1 1 node01:20002"),
        row(
            "srun on one node", slurm,
            [
                "SLURM_NODEID": "0", "SLURM_LOCALID": "3", "SLURM_STEP_TASKS_PER_NODE": "4",
                "SLURM_STEP_NODELIST": "node02",
            ], "Slurm 3/4 3/4 0 127.0.0.1:20002"),
        row(
            "srun, one task", slurm,
            ["SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_STEP_TASKS_PER_NODE": "1"],
            nil),
        row("salloc's interactive step", slurm, ["SLURM_STEP_ID": "4294967290"], nil),
        row("sbatch's script", script, [:], nil),
        row("salloc's program", allocation, [:], nil),
        row("srun's own PMI", slurm, ["PMI_RANK": "3", "PMI_SIZE": "4"], "Slurm 3/4 1/2 1 node01:20002"),
        row("RANK set from Slurm's", slurm, ["RANK": "3", "WORLD_SIZE": "4"], "Slurm 3/4 1/2 1 node01:20002"),
        row("torchrun", torchrun, [:], "torchrun 5/8 1/4 1 10.0.0.1:29500"),
        row(
            "torchrun in srun", slurm.merging(["SLURM_PROCID": "1"]) { $1 }, torchrun,
            "torchrun 5/8 1/4 1 10.0.0.1:29500"),
        row("torchrun in sbatch's script", script, torchrun, "torchrun 5/8 1/4 1 10.0.0.1:29500"),
        row("PyTorchJob", pod, [:], "torchrun 1/2 0/1 1 mnist-master-0:23456"),
        row(
            "PyTorchJob's master", pod, ["RANK": "0", "PET_NODE_RANK": "0", "MASTER_ADDR": "localhost"],
            "torchrun 0/2 0/1 0 localhost:23456"),
        row(
            "torchrun in a pod", pod,
            torchrun.merging(["PET_NPROC_PER_NODE": "4"]) { $1 }, "torchrun 5/8 1/4 1 10.0.0.1:29500"),
        row("Open MPI", openMPI, ["MASTER_PORT": "5000"], "Open MPI 1/2 1/2 0 127.0.0.1:5000"),
        row(
            "Open MPI on machines", openMPI,
            ["OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4", "MASTER_ADDR": "a", "MASTER_PORT": "5000"],
            "Open MPI 3/4 1/2 1 a:5000"),
        row(
            "Open MPI, whose daemon srun has started", slurm,
            openMPI.merging(["MASTER_PORT": "5000"]) { $1 }, "Open MPI 1/2 1/2 0 127.0.0.1:5000"),
        row(
            "Open MPI, one rank", ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"],
            ["OMPI_COMM_WORLD_LOCAL_RANK": "0", "OMPI_COMM_WORLD_LOCAL_SIZE": "1"], nil),
        row("MPICH", mpich, ["MASTER_PORT": "5000"], "MPICH 1/2 1/2 0 127.0.0.1:5000"),
        row(
            "MPICH, whose daemon srun has started", slurm, mpich.merging(["MASTER_PORT": "5000"]) { $1 },
            "MPICH 1/2 1/2 0 127.0.0.1:5000"),
    ]

    @Test("says who this process is", arguments: rows)
    func place(_ row: Row) throws {
        let place = try RankEnvironment(environment: row.variables)
        let text = place.map {
            "\($0.launcher ?? "") \($0.rank)/\($0.worldSize) \($0.localRank)/\($0.localWorldSize) \($0.groupRank) "
                + "\($0.masterAddress):\($0.masterPort)"
        }
        #expect(text == row.place)
    }

    @Test("has a port of Open MPI's job that all of its ranks compute, and another job has another")
    func derivedPort() throws {
        func port(_ changes: [String: String]) throws -> Int? {
            try RankEnvironment(environment: Self.openMPI.merging(changes) { $1 })?.masterPort
        }
        let own = try port([:])
        #expect(own.map { (20000...29999).contains($0) } == true)
        #expect(try port(["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_LOCAL_RANK": "0"]) == own)
        #expect(try port(["OMPI_MCA_ess_base_jobid": "546832385"]) != own)
        let release5 = Self.openMPI.filter { $0.key != "OMPI_MCA_ess_base_jobid" }
        func port5(_ name: String) throws -> Int? {
            try RankEnvironment(environment: release5.merging(["PMIX_NAMESPACE": name]) { $1 })?.masterPort
        }
        #expect(try port5("prterun-host-4711@1") != port5("prterun-host-4712@1"))
    }

    @Test("keeps the source of each value")
    func origins() throws {
        let place = try #require(try RankEnvironment(environment: Self.slurm))
        let texts = place.origins.map { "\($0.name)=\($0.value): \($0.source)" }
        #expect(
            texts == [
                "GROUP_RANK=1: SLURM_NODEID", "LOCAL_RANK=1: SLURM_LOCALID",
                "LOCAL_WORLD_SIZE=2: SLURM_STEP_TASKS_PER_NODE",
                "MASTER_ADDR=node01: first host of SLURM_STEP_NODELIST",
                "MASTER_PORT=20002: SLURM_JOB_ID and SLURM_STEP_ID", "RANK=3: SLURM_PROCID",
                "WORLD_SIZE=4: SLURM_STEP_NUM_TASKS",
            ])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let variables: [String: String]
        let code: RankProtocolError.Code
        let texts: [String]
        var testDescription: String { texts[0] }
    }

    private static let refusals = [
        Refusal(
            variables: slurm.merging(["RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "a", "MASTER_PORT": "1"]) { $1 },
            code: .contradiction,
            texts: ["RANK is 0 in the environment, but Slurm says 3 (SLURM_PROCID)", "unset RANK"]),
        Refusal(
            variables: openMPI.merging(["WORLD_SIZE": "1"]) { $1 }, code: .contradiction,
            texts: ["WORLD_SIZE is 1 in the environment, but Open MPI says 2 (OMPI_COMM_WORLD_SIZE)"]),
        Refusal(
            variables: slurm.filter { $0.key != "SLURM_LOCALID" }, code: .missingVariable,
            texts: ["but not SLURM_LOCALID."]),
        Refusal(
            variables: slurm.filter { !$0.key.contains("TASKS_PER_NODE") }, code: .missingVariable,
            texts: ["not SLURM_TASKS_PER_NODE", "srun"]),
        Refusal(
            variables: slurm.merging(["SLURM_PROCID": "4"]) { $1 }, code: .contradiction,
            texts: ["SLURM_PROCID is 4 and SLURM_STEP_NUM_TASKS is 4"]),
        Refusal(
            variables: slurm.merging(["SLURM_STEP_TASKS_PER_NODE": "2(x3)"]) { $1 }, code: .contradiction,
            texts: ["SLURM_STEP_TASKS_PER_NODE is 2(x3)"]),
        Refusal(
            variables: slurm.merging(["SLURM_NODEID": "2"]) { $1 }, code: .contradiction,
            texts: ["SLURM_NODEID is 2"]),
        Refusal(
            variables: openMPI.merging(["OMPI_COMM_WORLD_SIZE": "4"]) { $1 }, code: .missingVariable,
            texts: ["MASTER_ADDR is not in the environment. Open MPI has started 4", "mpirun -x MASTER_ADDR=host"]),
        Refusal(
            variables: mpich, code: .missingVariable,
            texts: ["MASTER_PORT is not in the environment, and MPICH", "mpiexec -genv MASTER_PORT 29500"]),
        Refusal(
            variables: mpich.filter { $0.key != "MPI_LOCALNRANKS" }, code: .missingVariable,
            texts: ["but not MPI_LOCALNRANKS."]),
        Refusal(
            variables: openMPI.merging(["OMPI_COMM_WORLD_RANK": "x"]) { $1 }, code: .malformedVariable,
            texts: ["OMPI_COMM_WORLD_RANK is \"x\""]),
        Refusal(
            variables: pod.merging(["PET_NPROC_PER_NODE": "4", "WORLD_SIZE": "8"]) { $1 }, code: .contradiction,
            texts: ["PET_NPROC_PER_NODE is 4", "nprocPerNode"]),
        Refusal(
            variables: ["PET_NNODES": "1:4", "PET_RDZV_BACKEND": "c10d"], code: .missingVariable,
            texts: ["PET_NNODES is 1:4", "torchrun"]),
    ]

    @Test("names what is wrong, and what to do", arguments: refusals)
    func refusal(_ row: Refusal) {
        let error = #expect(throws: RankProtocolError.self) { try RankEnvironment(environment: row.variables) }
        #expect(error?.code == row.code)
        for text in row.texts { #expect(error?.message.contains(text) == true, "\(String(describing: error))") }
    }
}
