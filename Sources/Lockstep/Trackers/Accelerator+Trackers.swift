import Foundation
import Logging
import MetricsEndpoint
import RunReport
import Tracking

extension Accelerator {
    /// The trackers that the options ask for.
    ///
    /// - Parameters:
    ///   - options: the trackers' options.
    ///   - monitor: knows what this rank, the main one, has done.
    ///   - notice: is told of failures, in words.
    static func trackers(
        _ options: TrackerOptions, _ monitor: RankMonitor?, _ notice: @escaping @Sendable (String) -> Void
    ) throws -> Trackers {
        var chosen: [any Tracker] = [CSVTracker()]
        if options.tensorboard { chosen.append(TensorBoardTracker()) }
        if let project = options.wandb { chosen.append(WeightsAndBiasesTracker(project: project)) }
        if let address = options.mlflowAddress { chosen.append(MLflowTracker(address)) }
        let endpoint = try options.metricsAddress.map { MetricsTracker(at: $0) }
        if let endpoint { chosen.append(endpoint) }
        let trackers = Trackers(chosen, onNotice: notice)
        endpoint?.countDrops(of: trackers)
        endpoint?.countSamples(of: 0) { [weak monitor] in monitor?.activity.place.samples }
        return trackers
    }

    /// Writes a line of metrics, and gives it to the trackers.
    ///
    /// - Parameter seconds: when that was, since the first step began.
    func write(_ record: MetricsRecord, at seconds: Double) {
        var record = record
        record["seconds"] = .number(seconds)
        metrics?.write(record)
        trackers?.log(record, at: loop.startTime + seconds)
    }

    /// Writes the report of the run, where one is wanted; a failure is told of, and the training has ended well all the same.
    func writeReport() {
        guard isMainProcess, rehearsal == nil, options.trackers.report else { return }
        do {
            try RunReport.write(runFolder: runFolder.path)
        } catch {
            logger.warning("the report of the run could not be written: \(error)")
        }
    }
}
