import Foundation
import Lockstep

/// A program that tests start on several ranks: each case does one thing, and prints what came of it.
@main
struct TrainingProbe: TrainingProgram {
    enum Case: String, ExpressibleByArgument, CaseIterable {
        case accumulate, stepForm, evaluate, schedule, gather, batches, buffers
        case collectiveOnMain, slowMain, epochDiffers, modelDiffers, dataDiffers, drift
        case loaderNotPrepared, modelNotPrepared, evaluationNotPrepared
        case throwsOnOneRank, returnsEarly, exitsEarly, callsExit, crashes, unusedParameters
        case stops, sleeps, skips, evaluatesLong, blocksRecord
        case resumes, anomaly, dryRun, leavesHandler
    }

    static let configuration = CommandConfiguration(commandName: "training-probe")

    @OptionGroup var options: TrainingOptions
    @Argument var name: Case
    @Option var batchSize = 4
    @Option var accumulate = 1
    @Option var count = 28
    @Option var guilty = 1
    @Flag(name: .customLong("plain")) var isPlain = false

    func train(with accelerator: Accelerator) async throws {
        switch name {
        case .accumulate, .stepForm, .schedule, .batches: try await trainLine(accelerator)
        case .evaluate, .evaluationNotPrepared: try await evaluate(accelerator)
        case .gather: try gather(accelerator)
        case .buffers: try await buffers(accelerator)
        case .collectiveOnMain, .slowMain: try onMain(accelerator)
        case .epochDiffers, .modelDiffers, .dataDiffers, .drift, .unusedParameters: try await differ(accelerator)
        case .resumes: try await trainResumably(accelerator)
        case .anomaly: try await trainWithAnomaly(accelerator)
        case .dryRun: try await rehearse(accelerator)
        case .leavesHandler: atexit { Swift.print("torn down") }
        case .loaderNotPrepared, .modelNotPrepared: try await forget(accelerator)
        case .throwsOnOneRank, .returnsEarly, .exitsEarly, .callsExit, .crashes, .stops, .sleeps, .skips,
            .evaluatesLong,
            .blocksRecord:
            try await fail(accelerator)
        }
    }

    /// A line of the results, on the main process.
    func report(_ accelerator: Accelerator, _ values: some Sequence<Double>) {
        accelerator.print(values.map { "\($0)" }.joined(separator: " "))
    }

    /// Points of a plane with noise, the same on all ranks.
    func points() -> TensorDataset<(Tensor, Tensor)> {
        let seed = ProcessInfo.processInfo.environment["PROBE_DATA_SEED"].flatMap { UInt64($0) } ?? 9
        let generator = Generator(seed: seed)
        let inputs = Tensor.randn([count, 3], dtype: .float64, generator: generator)
        let noise = Tensor.randn([count, 2], dtype: .float64, generator: generator)
        return TensorDataset(inputs, inputs[.all, 0..<2] * 2 + noise * 0.1)
    }
}

/// What a case finds wrong.
struct ProbeError: Error, CustomStringConvertible {
    let description: String
}
