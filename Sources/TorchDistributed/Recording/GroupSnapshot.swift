import Foundation
import Torch

/// What one rank knows of a group: what it has entered itself, and how it sees the ranks of its machine.
package struct GroupSnapshot: Sendable {
    /// A collective on one rank.
    package struct Collective: Sendable {
        package let sequence: Int
        package let operation: String
        package let bucket: Int?
        package let byteCount: Int?
        package let dtype: String?
        /// All that has to be the same on all ranks.
        package let contents: String
        /// `entered`, `completed` or `failed`.
        package let state: String
        package let entered: Date
        package let left: Date?
    }

    /// One rank's records.
    package struct Rank: Sendable {
        package let rank: Int
        package let pid: Int32
        /// `running`, `stopped`, …, as the system says.
        package let process: String
        package let activity: String?
        package let activitySince: Date?
        package let lastEntered: Int
        package let collectives: [Collective]
    }

    package let name: String
    package let worldSize: Int
    /// Why the group has failed.
    package let failure: String?
    package let own: Rank
    package let neighbours: [Rank]
    /// Which rank the others wait for, as one line.
    package let holdUp: String?
}

extension ProcessGroup {
    /// What this rank knows of the group at the moment.
    ///
    /// - Parameter count: how many of the last collectives of each rank are told.
    package func snapshot(last count: Int) -> GroupSnapshot {
        GroupSnapshot(
            name: name, worldSize: worldSize, failure: failure?.message,
            own: recorder.page.snapshot(rank, .running, last: count),
            neighbours: recorder.neighbours.map { $0.page.snapshot($0.rank, $0.process.state, last: count) },
            holdUp: recorder.holdUp)
    }
}

extension RecordPage {
    fileprivate func snapshot(_ rank: Int, _ process: NeighbourProcess.State, last count: Int) -> GroupSnapshot.Rank {
        let collectives = recorded.suffix(count).compactMap { sequence -> GroupSnapshot.Collective? in
            guard let record = record(sequence), let progress = progress(sequence) else { return nil }
            return GroupSnapshot.Collective(
                sequence: Int(sequence), operation: "\(record.operation)", bucket: record.bucket,
                byteCount: record.byteCount, dtype: record.dtype.flatMap { DType(rawValue: $0) }.map { "\($0)" },
                contents: "\(record)", state: "\(progress.state)", entered: progress.entered, left: progress.left)
        }
        let activity = activity
        return GroupSnapshot.Rank(
            rank: rank, pid: owner, process: process.description(ending), activity: activity?.text,
            activitySince: activity?.since, lastEntered: Int(latest), collectives: collectives)
    }
}

extension NeighbourProcess.State {
    /// The state in words, with what the process itself has said of its end.
    fileprivate func description(_ ending: RecordPage.Ending) -> String {
        switch (self, ending) {
        case (.running, _): "running"
        case (.stopped, _): "stopped (T)"
        case (.traced, _): "stopped by a debugger (t)"
        case (.waitingForDisk, _): "waiting for a disk (D)"
        case (_, .finished): "ended, its work finished"
        case (_, .failed): "ended with an error"
        case (_, .exited): "ended by exit"
        case (.killed(let signal), .none): "killed" + (signal.map { " by signal \($0)" } ?? "")
        case (.exited(let code), .none): "ended with code \(code)"
        case (.gone, .none): "killed, or ended without a word"
        }
    }
}
