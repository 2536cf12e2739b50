import Checkpointing
import Logging
import Tracking

extension Accelerator {
    /// Takes the training back to its newest checkpoint; its place in the data stays, so that other batches follow.
    ///
    /// - Throws: ``TrainingError`` with `anomaly` where there is no checkpoint, or the training has been there too often;
    ///   what opening the checkpoint throws.
    func goBack(_ reason: String) throws {
        guard let saver = loop.saver else {
            throw fatal(reason, "There is nothing to go back to without --checkpoint-every.")
        }
        saver.writer?.wait()
        try saver.report()
        let opened = try saver.writer?.folder.latest()
        guard let target = try Resumption(opened, ranks) else {
            throw fatal(reason, "There is no checkpoint yet to go back to; save more often.")
        }
        let position = target.position
        guard loop.anomalies.goBack(to: position.step) else {
            throw fatal(
                reason, "The training has gone back to step \(position.step) \(AnomalyWatch.mostReturns) times before.")
        }
        let reached = step
        try target.restore(loop.state)
        _ = log.take()
        try metrics?.shorten(to: position.metricsByteCount)
        trackers?.goBack(to: position.step)
        saver.goBack(to: position.step)
        loop.comparedStep = min(loop.comparedStep, position.step)
        guard isMainProcess else { return }
        for notice in opened?.notices ?? [] { logger.warning("\(notice)") }
        logger.warning(
            "\(reason). The training goes back from step \(reached) to step \(position.step), with the batches that come next."
        )
    }
}
