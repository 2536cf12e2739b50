import Foundation
import LockstepTesting
import Testing

/// Programs that somebody else's launcher starts as ranks.
@Suite("A program under another launcher")
struct ClusterTests {
    /// torchrun beside the Python that has PyTorch.
    private static let torchrun = PyTorchPython.executable.map {
        URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("torchrun").path
    }

    private static let mpirun = ["/usr/bin/mpirun.openmpi", "/usr/local/bin/mpirun.openmpi"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private func expectTwoRanks(_ launcher: [String], environment: [String: String?] = [:]) throws {
        let run = try ProgramRun(
            "toy", ["--seed", "123", "--max-steps", "50"], environment: environment, launcher: launcher)
        #expect(run.status == 0, "\(run.diagnostics)")
        #expect(run.diagnostics.contains("global batch 4 = 2 ranks × 2"))
        let losses = try run.metrics().compactMap(\.loss)
        let expected = try DistributedFixtures.expected(.toy, world: 2).ranks[0].losses
        #expect(losses.count == 50)
        #expect(zip(losses, expected).allSatisfy { abs($0 - $1) <= 1e-5 * abs($1) + 1e-6 })
    }

    @Test(
        "is a rank of torchrun",
        .enabled(
            if: PyTorchPython.executable != nil || ProcessInfo.processInfo.environment["CI"] != nil,
            "\(PyTorchPython.absence)"))
    func underTorchrun() throws {
        let torchrun = try #require(Self.torchrun, "\(PyTorchPython.absence)")
        try expectTwoRanks([torchrun, "--standalone", "--no-python", "--nproc-per-node", "2"])
    }

    @Test("is a rank of Open MPI", .enabled(if: ClusterTests.mpirun != nil, "Open MPI is not installed"))
    func underOpenMPI() throws {
        let mpirun = try #require(Self.mpirun)
        try expectTwoRanks(
            [mpirun, "--oversubscribe", "-n", "2"],
            environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"])
    }
}
