import Checkpointing
import Foundation
import Logging
import RunFiles
import Torch
import Tracking

extension Accelerator {
    /// Says what the ranks did with their time, and keeps it in `summary.json`; all ranks call it.
    func summarize() throws {
        guard rehearsal == nil, let summary = try summary(), let words = loop.time.summary else { return }
        let skipped = loop.anomalies.skippedSteps
        let returns = loop.anomalies.returns
        let losses =
            (skipped > 0 ? "; \(counted(skipped, "step")) left out" : "")
            + (returns > 0 ? "; went back to a checkpoint \(counted(returns, "time"))" : "")
        logger.info("trained \(words)\(losses)\n\(summary.table)")
        do {
            try runFolder.write(summary.record.json + "\n", to: RunFolder.summary)
        } catch {
            // The training has ended well, and what is lost stands above.
            logger.warning("\(RunFolder.summary) could not be written: \(error)")
        }
    }

    /// What all ranks did, on the main process; nil where nothing was trained.
    private func summary() throws -> TrainingSummary? {
        let time = loop.time
        let own = [
            time.seconds, Double(time.samples), time.phases.share(.forward, .backward, .optimizer),
            time.phases.share(.communication), time.phases.share(.data), time.phases.share(.other),
            Double(ProcessMemory.peak),
        ]
        let all = try ranks.gather(Tensor(copying: own).unsqueeze(dim: 0))
        let hosts = try ranks.group?.exchange("host", Self.host) ?? [Self.host]
        guard isMainProcess, time.batches > 0 else { return nil }
        let numbers = all.array(of: Double.self)
        let rows = hosts.enumerated().map { rank, host in
            let row = Array(numbers[rank * own.count..<(rank + 1) * own.count])
            return TrainingSummary.Row(
                rank: rank, host: host ?? "", seconds: row[0], samples: Int(row[1]), compute: row[2],
                communication: row[3], data: row[4], other: row[5], peakMemory: Int(row[6]))
        }
        return TrainingSummary(rows: rows, steps: step)
    }

    static var host: String { ProcessInfo.processInfo.hostName }

    /// Says once, after the first steps, where ranks wait for each other for more than half of their time.
    func judgeCommunication() {
        guard isMainProcess, worldSize > 1, rehearsal == nil else { return }
        switch loop.batchesSeen {
        case CommunicationAdvice.first: loop.phasesBefore = loop.time.phases
        case CommunicationAdvice.last:
            let share = (loop.time.phases - loop.phasesBefore).share(.communication)
            if let advice = CommunicationAdvice(share: share, worldSize: worldSize) { logger.info("\(advice)") }
        default: break
        }
    }
}

/// What is said where communication takes most of a step.
struct CommunicationAdvice: CustomStringConvertible {
    /// The batches between which it is measured; the first ones are no measure.
    static let first = 5
    static let last = 50

    let share: Double
    let worldSize: Int

    /// Nil where communication takes no more than half of a step.
    init?(share: Double, worldSize: Int) {
        guard share > 0.5 else { return nil }
        (self.share, self.worldSize) = (share, worldSize)
    }

    var description: String {
        // A rank alone would take a step's other parts, and nothing else.
        let gain = Double(worldSize) * (1 - share)
        return
            "communication takes \(100 * share, decimals: 0) % of a step, so \(worldSize) ranks do \(gain, decimals: 1) times "
            + "the work of one. A larger batch a rank, several batches a step (accumulate(over:)) or fewer ranks help."
    }
}
