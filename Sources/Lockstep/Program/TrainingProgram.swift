public import ArgumentParser
import Foundation
import Launching
import RankProtocol
import Torch
import Tracking

/// A training program: its options, and what to do with them.
///
/// ```swift
/// @main
/// struct Classifier: TrainingProgram {
///     @OptionGroup var options: TrainingOptions
///     @Option var epochs = 5
///
///     func train(with accelerator: Accelerator) async throws {
///         let network = Sequential { Flatten(); Linear(784, 10) }
///         // ...
///     }
/// }
/// ```
/// With `--nproc 4` the program starts itself four times, as the ranks of one job, and with `--nnodes` on several machines.
/// Each calls `train`; the first error of any of them ends all.
public protocol TrainingProgram: AsyncParsableCommand, Sendable {
    /// The options that every program has; declare them with `@OptionGroup`.
    var options: TrainingOptions { get }

    /// How many processes train where nobody says so, on a machine that has at least as many cores; 1 unless written.
    ///
    /// `--nproc` and `--nnodes` win over it, and so do launchers that have started the program, and a GPU.
    static var defaultProcessCount: Int { get }

    /// Trains, on a thread of its own, where all work on tensors stays.
    ///
    /// The process-wide generators have been seeded before.
    func train(with accelerator: Accelerator) async throws
}

extension TrainingProgram {
    /// One.
    public static var defaultProcessCount: Int { 1 }

    /// Starts the training that the command line describes, in this process or in several.
    public mutating func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var options = self.options
        let name = Self._commandName
        if options.printConfig {
            let listing = try ConfigurationListing(
                ProgramSettings(of: self), options, arguments: CommandLine.arguments, environment: environment)
            for line in listing.lines { Swift.print(line) }
            return
        }
        if let program = self as? any ImageClassifyingProgram, try program.predicts() { return }
        if options.checkpoints.resumesLatest, options.runDirectory == nil {
            options.runDirectory = ResumeTarget.newestRun(of: name)
        }
        if options.dryRun, options.checkpoints.resumesLatest {
            // It has a folder of its own, and goes on from that of the run.
            options.checkpoints.resume = options.runDirectory.flatMap(ResumeTarget.ifResumable)
        }
        let place = Result { try RankEnvironment(environment: environment) }
        // Nobody has started this process as a rank.
        let isOutermost = if case .success(.none) = place { true } else { false }
        if isOutermost, !options.launch.startsProcesses,
            options.device == "cpu" || (options.device == nil && LibTorch.cudaDeviceCount == 0),
            let count = ProcessCount(default: Self.defaultProcessCount, cores: AvailableCores.count)
        {
            options.launch.nproc = count
        }
        let board = isOutermost && options.trackers.board ? try BoardProcess(over: options.runDirectory) : nil
        defer { withExtendedLifetime(board) {} }
        let outcome = try await LaunchError.endingProcess { [options] () -> JobOutcome? in
            guard var launcher = try options.launch.launcher(arguments: CommandLine.arguments, environment: environment)
            else { return nil }
            try DevicePlan.require(
                launcher.processCount, on: options.device, count: LibTorch.cudaDeviceCount,
                visible: environment["CUDA_VISIBLE_DEVICES"], shares: options.shareGpu)
            let rehearsal =
                options.dryRun ? try DryRun.createFolder(beside: options.runDirectory, program: name) : nil
            launcher.runFolder = { [folder = rehearsal ?? options.runDirectory] in
                try RunFolder.reserve(at: folder, program: name)
            }
            let outcome = try await launcher.run()
            // After a failure the logs in it are needed.
            if let rehearsal, outcome.exitCode == 0 { try FileManager.default.removeItem(atPath: rehearsal) }
            return outcome
        }
        if let outcome {
            guard outcome.exitCode == 0 else { throw ExitCode(outcome.exitCode) }
            return
        }
        options.runDirectory = environment[LauncherVariable.runFolder] ?? options.runDirectory
        let (program, resolved) = (self, options)
        let rank: RankEnvironment?
        do { rank = try place.get() } catch { throw Self.failure(error) }
        func train() async throws {
            try await withAccelerator(resolved, name: name, settings: ProgramSettings(of: program)) {
                try await program.train(with: $0)
            }
        }
        if let process = try RankProcess(environment: environment) { await process.run(train) }
        do {
            try await train()
        } catch let stopped as TrainingStopped {
            _ = Self.failure(stopped)
            throw ExitCode(JobOutcome.stoppedCode)
        } catch  where rank != nil {
            throw Self.failure(error)
        }
    }

    /// Writes the error of a rank that another launcher has started, and gives the status to end with.
    private static func failure(_ error: any Error) -> ExitCode {
        // In one piece, since such launchers write what all ranks print to one terminal.
        let line = Array("Error: \(error)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
        return .failure
    }
}
