import Foundation
import Launching
public import Logging
public import Torch
public import Tracking

/// What a training program is given: it prepares models and data, drives the loop, and keeps the record of the run.
///
/// One accelerator belongs to one training; ``TrainingProgram`` and ``withAccelerator(_:name:_:)`` make it. Its methods
/// that take tensors, models or loaders are called on the training thread.
public final class Accelerator: Sendable {
    /// The options that the program was started with.
    public let options: TrainingOptions
    /// Where models and batches are put.
    public let device: Device
    /// The threads that operations on tensors use.
    public let threadCount: Int
    /// The folder that this run writes into.
    public let runFolder: RunFolder
    /// Diagnostics; they go to standard error, above the progress bar.
    public let logger: Logger

    let ranks: Ranks
    let display: ProgressDisplay
    /// Nil on all ranks but the main one.
    let metrics: MetricsWriter?
    /// Nil on all ranks but the main one.
    let trackers: Trackers?
    /// The values of the program's options.
    let settings: ProgramSettings
    /// How much of a training a dry run does; nil for all of it.
    let rehearsal: Rehearsal?
    /// Shows what this rank does; nil where its file cannot be written.
    let monitor: RankMonitor?
    // Only ever touched by the training thread.
    nonisolated(unsafe) let loop = TrainingLoop()
    nonisolated(unsafe) let log = LogQueue()
    /// Nil for a single process.
    var flightRecording: FlightRecording? {
        guard worldSize > 1 else { return nil }
        return FlightRecording(runFolder: runFolder.path, rank: rank, worldSize: worldSize) { [display] text in
            display.print("lockstep: \(text)", to: .standardError)
        }
    }

    /// This process's number among all that train together.
    public var rank: Int { ranks.rank }
    /// How many processes train together.
    public var worldSize: Int { ranks.worldSize }
    /// This process's number among those of its machine.
    public var localRank: Int { ranks.localRank }
    /// Whether this process reports and saves for all.
    public var isMainProcess: Bool { ranks.isMain }

    /// Optimizer steps so far.
    public var step: Int { loop.step }
    /// The epoch in progress, counted from 1.
    public var epoch: Int { loop.epoch }
    /// The batch in progress, counted from 0 in each epoch.
    public var batch: Int { loop.batch }

    /// Begins or resumes a run.
    ///
    /// - Parameters:
    ///   - options: the run's options.
    ///   - name: the program's name.
    ///   - settings: the values of all of the program's options.
    ///   - ranks: this process among those that train together.
    ///   - rehearsal: how much of a training a dry run does.
    init(
        options: TrainingOptions, name: String, settings: ProgramSettings, ranks: Ranks, rehearsal: Rehearsal? = nil
    ) throws {
        self.options = options
        self.rehearsal = rehearsal
        self.ranks = ranks
        self.settings = settings
        device = try Self.device(named: options.device, localRank: ranks.localRank)
        threadCount = Self.threadCount(options, ranks)
        let display = ProgressDisplay()
        self.display = display
        logger = Logger(label: "lockstep") { _ in DisplayLogHandler(display: display) }
        guard ranks.isMain else {
            runFolder = RunFolder(existing: try ranks.ofMain("run folder", ""))
            metrics = nil
            trackers = nil
            monitor = Self.monitor(in: runFolder, options, device, ranks, display)
            try beginCheckpoints(opened: nil)
            return
        }
        let target = ResumeTarget(options, program: name, isRestart: ranks.isRestart)
        let opened = try target?.opened()
        let folder = options.runDirectory ?? target?.runFolder
        let isContinued = opened != nil && target?.runFolder == folder
        runFolder = try RunFolder(at: folder, program: name, isContinued: isContinued)
        for notice in runFolder.notices { display.print(notice, to: .standardError) }
        let position = isContinued ? opened.flatMap { TrainingPosition($0.checkpoint.record) } : nil
        metrics = try MetricsWriter(runFolder.metricsPath, keepingFirst: position?.metricsByteCount) {
            display.print("\($0)", to: .standardError)
        }
        monitor = Self.monitor(in: runFolder, options, device, ranks, display)
        trackers = try Self.trackers(options.trackers, monitor) { display.print("lockstep: \($0)", to: .standardError) }
        let configuration = configuration(name: name)
        try runFolder.writeConfiguration(configuration)
        trackers?.start(
            TrackedRun(
                program: name, folder: runFolder.path, configuration: configuration, resumedAfter: position?.step))
        _ = try ranks.ofMain("run folder", runFolder.path)
        if target != nil, opened == nil {
            logger.notice("there is no checkpoint yet in \(target?.place ?? runFolder.path): training begins anew")
        }
        for notice in opened?.notices ?? [] { logger.warning("\(notice)") }
        try beginCheckpoints(opened: opened)
    }

    /// What shows this rank to those who look at the run's folder.
    private static func monitor(
        in folder: RunFolder, _ options: TrainingOptions, _ device: Device, _ ranks: Ranks, _ display: ProgressDisplay
    ) -> RankMonitor? {
        @Sendable func complain(_ error: some Error) {
            display.print("lockstep: what rank \(ranks.rank) does cannot be shown: \(error)", to: .standardError)
        }
        do {
            return try RankMonitor(
                folder.path, rank: ranks.rank,
                identity: [
                    "rank": .integer(ranks.rank), "local_rank": .integer(ranks.localRank),
                    "world_size": .integer(ranks.worldSize), "host": .text(host),
                    "pid": .integer(Int(ProcessInfo.processInfo.processIdentifier)),
                    "threads": .integer(threadCount(options, ranks)), "device": .text("\(device)"),
                ]
            ) { complain($0) }
        } catch {
            complain(error)
            return nil
        }
    }

    /// The threads of a process: what was asked for, or its share of the cores.
    static func threadCount(_ options: TrainingOptions, _ ranks: Ranks) -> Int {
        options.threads ?? AvailableCores.threadsPerRank(localWorldSize: ranks.localWorldSize)
    }

    /// Writes a line to standard output, above the progress bar, on the main process alone.
    public func print(_ text: String) {
        guard isMainProcess, rehearsal?.isRepeated != true else { return }
        display.print(text)
    }

    /// Writes what is still in memory; called at the end of the training, whichever way it ends.
    ///
    /// - Throws: `TrackingError` that counts the metrics which could not be written.
    func finish(_ outcome: TrackedOutcome) throws {
        flushLog()
        display.finish()
        monitor?.end(outcome)
        trackers?.finish(outcome)
        try metrics?.close()
        writeReport()
    }

    /// The device that was asked for; where that is no GPU in particular, each rank of a machine has its own.
    private static func device(named name: String?, localRank: Int) throws -> Device {
        let count = LibTorch.cudaDeviceCount
        let own = Device.cuda(DevicePlan.index(ofLocalRank: localRank, count: count))
        guard let name else { return count > 0 ? own : .cpu }
        guard let device = Device(name) else {
            throw TrainingError(.invalidOption, "--device \(name): expected cpu, cuda or cuda:N")
        }
        guard device.kind == .cpu || device.index < count else {
            throw TrainingError(
                .deviceUnavailable,
                "--device \(name): LibTorch \(LibTorch.version) sees \(count) CUDA devices here. Use --device cpu, or, on a "
                    + "machine with a GPU, build with LIBTORCH=<folder of a CUDA build>.")
        }
        return name == "cuda" ? own : device
    }

    /// What `config.json` records: what was asked for, and on what it ran.
    private func configuration(name: String) -> MetricsRecord {
        var record: MetricsRecord = ["program": .text(name)]
        for (name, value) in settings.entries { record[name] = value }
        record["device"] = .text("\(device)")
        record["threads"] = .integer(threadCount)
        record["world-size"] = .integer(worldSize)
        record["instruction-set"] = .text(InstructionSet.current.rawValue)
        record["convolution-table"] = .text(ConvolutionTable.name)
        record["convolution-table-checksum"] = .text(ConvolutionTable.checksum)
        record["libtorch"] = .text(LibTorch.version)
        return record
    }
}
