import Foundation
import LockstepTesting
import Testing

/// What other people start ranks with, where it is on this machine.
enum ClusterPeer: String, Sendable {
    case openMPI = "openmpi"
    case mpich, slurm

    /// The file that it needs.
    private var program: String {
        switch self {
        case .openMPI: "mpirun.openmpi"
        case .mpich: "mpiexec.hydra"
        case .slurm: "slurmctld"
        }
    }

    /// Debian's packages that have it.
    private var packages: String {
        switch self {
        case .openMPI: "openmpi-bin"
        case .mpich: "mpich"
        case .slurm: "munge, slurmctld, slurmd and slurm-client"
        }
    }

    private var path: String? {
        ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"].map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Whether its tests run: where it is, and where continuous integration has found it, which then must be so here.
    var isExpected: Bool {
        let found = ProcessInfo.processInfo.environment["CI_PEERS"] ?? ""
        return path != nil || found.split(separator: " ").contains { $0 == rawValue }
    }

    /// What tests say that are skipped.
    var absence: Comment { "\(program) is not installed: Debian's \(packages)" }

    /// The program's path.
    func require() throws -> String { try #require(path, absence) }
}

/// Trains with a launcher that starts two ranks, and compares the losses with those of PyTorch's two ranks.
func expectTwoRanks(_ launcher: [String], environment: [String: String?] = [:]) throws {
    let run = try ProgramRun(
        "toy", ["--seed", "123", "--max-steps", "50"], environment: environment, launcher: launcher)
    #expect(run.status == 0, "\(run.diagnostics)")
    #expect(run.diagnostics.contains("global batch 4 = 2 ranks × 2"))
    let losses = try run.metrics().compactMap(\.loss)
    let expected = try DistributedFixtures.expected(.toy, world: 2).ranks[0].losses
    #expect(losses.count == 50)
    #expect(zip(losses, expected).allSatisfy { abs($0 - $1) <= 1e-5 * abs($1) + 1e-6 })
}

/// Programs that somebody else's launcher starts as ranks.
@Suite("A program under another launcher")
struct ClusterTests {
    /// torchrun beside the Python that has PyTorch.
    private static let torchrun = PyTorchPython.executable.map {
        URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("torchrun").path
    }

    /// Without these Open MPI starts nothing for root, whom continuous integration often is.
    private static let asRoot = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]

    @Test(
        "is a rank of torchrun",
        .enabled(
            if: PyTorchPython.executable != nil || ProcessInfo.processInfo.environment["CI"] != nil,
            "\(PyTorchPython.absence)"))
    func underTorchrun() throws {
        let torchrun = try #require(Self.torchrun, "\(PyTorchPython.absence)")
        try expectTwoRanks([torchrun, "--standalone", "--no-python", "--nproc-per-node", "2"])
    }

    @Test("is a rank of Open MPI", .enabled(if: ClusterPeer.openMPI.isExpected, ClusterPeer.openMPI.absence))
    func underOpenMPI() throws {
        try expectTwoRanks(
            [try ClusterPeer.openMPI.require(), "--oversubscribe", "-n", "2"], environment: Self.asRoot)
    }

    @Test("is a rank of MPICH", .enabled(if: ClusterPeer.mpich.isExpected, ClusterPeer.mpich.absence))
    func underMPICH() throws {
        let port = try freePort()
        try expectTwoRanks([try ClusterPeer.mpich.require(), "-n", "2", "-genv", "MASTER_PORT", "\(port)"])
    }

    @Test(
        "says that MPICH has to be given a port", .enabled(if: ClusterPeer.mpich.isExpected, ClusterPeer.mpich.absence))
    func underMPICHWithoutPort() throws {
        // With the rank in front the ranks' lines stay apart.
        let run = try ProgramRun(
            "toy", [], environment: ["MASTER_PORT": nil],
            launcher: [try ClusterPeer.mpich.require(), "-prepend-rank", "-n", "2"])
        let words = "name a free one with `mpiexec -genv MASTER_PORT 29500`"
        #expect(run.status != 0)
        #expect(run.diagnostics.contains(words), "\(run.diagnostics)")
    }
}
