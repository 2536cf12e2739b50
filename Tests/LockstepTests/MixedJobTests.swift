import Foundation
import Lockstep
import LockstepTesting
import Testing

/// Swift ranks and Python ranks in one job, over PyTorch's own protocol.
@Suite(
    "A job of Swift and Python ranks",
    .enabled(
        if: PyTorchPython.executable != nil || ProcessInfo.processInfo.environment["CI"] != nil,
        "\(PyTorchPython.absence)"),
    .enabled(if: SeedProgram.fashion.hasData, "the data set is not on this machine"))
struct MixedJobTests {
    private static let steps = 50

    /// What a rank has computed.
    private struct Outcome: Decodable, Equatable {
        struct Parameters: Decodable, Equatable {
            let sum: Double
            let sha256: String
        }
        let losses: [Double]
        let parameters: Parameters
    }

    @Test("has the losses of two Python ranks, bit for bit, whichever rank is Swift's", arguments: [0, 1])
    func mixed(swiftRank: Int) async throws {
        let expected = try Self.pythonRanks
        let port = try freePort()
        let other = 1 - swiftRank
        let python = try Self.start(rank: other, port: port)
        let data = try await FashionMNIST(in: DatasetLocation()).train
        let swift = try Self.train(rank: swiftRank, port: port, on: data)
        let outcome = try Self.outcome(of: python)
        #expect(outcome == expected[other])
        #expect(swift.losses == expected[swiftRank].losses.map { Float($0) })
        #expect(abs(swift.sum - outcome.parameters.sum) <= 1e-9)
    }

    /// Two Python ranks on this machine, since last bits depend on its processor.
    private static var pythonRanks: [Outcome] {
        get throws {
            let port = try freePort()
            return try (0..<2).map { try start(rank: $0, port: port) }.map(outcome)
        }
    }

    private static func start(rank: Int, port: Int) throws -> (Process, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(PyTorchPython.executable, "\(PyTorchPython.absence)"))
        process.arguments = [
            package.path + "/MixedJob/pytorch_rank.py", "--init-method", "tcp://127.0.0.1:\(port)", "--rank", "\(rank)",
            "--world-size", "2", "--steps", "\(steps)", "--seed", "123", "--threads", "1", "--output",
            folder.path("outcome.json"), "--data", try #require(SeedProgram.dataFolder),
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(["GLOO_SOCKET_IFNAME": "lo"]) { $1 }
        try Data().write(to: URL(fileURLWithPath: folder.path("errors")))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path("errors")))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return (process, folder)
    }

    private static func outcome(of run: (process: Process, folder: TemporaryFolder)) throws -> Outcome {
        run.process.waitUntilExit()
        let errors = try String(contentsOfFile: run.folder.path("errors"), encoding: .utf8)
        try #require(run.process.terminationStatus == 0, "\(errors)")
        #expect(errors.isEmpty, "\(errors)")
        return try JSONDecoder().decode(
            Outcome.self, from: Data(contentsOf: URL(fileURLWithPath: run.folder.path("outcome.json"))))
    }

    /// The Swift rank, as PyTorch's users would write it, on a thread of its own.
    private static func train(rank: Int, port: Int, on data: ImageDataset) throws -> (losses: [Float], sum: Double) {
        try onThread {
            LibTorch.threadCount = 1
            let group = try ProcessGroup(initMethod: "tcp://127.0.0.1:\(port)", rank: rank, worldSize: 2)
            let network = SeedProgram.fashion.model(Generator(seed: 123))
            let synchronizer = try GradientSynchronizer(network, group: group)
            let optimizer = SGD(network.parameters, learningRate: 1e-2)
            let loader = try DataLoader(data, batchSize: 32, seed: 123).sharded(rank: rank, worldSize: 2)
            let batches = loader.batches(epoch: 0)
            var losses: [Float] = []
            while losses.count < steps, let (images, labels) = try batches.next() {
                let loss = CrossEntropyLoss()(network(images), labels)
                optimizer.zeroGrad()
                try loss.backward()
                try optimizer.step()
                losses.append(Float(loss))
            }
            try withExtendedLifetime(synchronizer) { try group.close() }
            let sum = network.parameters.reduce(0) { $0 + $1.tensor.sum(dtype: .float64).item(as: Double.self) }
            return (losses, sum)
        }
    }
}

/// Runs work on tensors on a thread of its own, and waits for it.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    nonisolated(unsafe) var result: Result<Value, any Error>?
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
        result = Result { try body() }
        done.signal()
    }
    thread.stackSize = 16 << 20
    thread.start()
    done.wait()
    return try #require(result).get()
}
