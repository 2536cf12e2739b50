import Dispatch
import Files
import Foundation
import RankProtocol
import Synchronization
import TorchDistributed

/// Writes what this rank knows of its groups into the run's folder when something has failed.
///
/// Each write is a whole file, on a thread of its own: whoever finds a failure goes on at once.
final class FlightRecording: Sendable {
    /// The one of the training in progress.
    static var current: FlightRecording? { holder.withLock { $0 } }
    private static let holder = Mutex<FlightRecording?>(nil)
    /// How many of the last collectives of each rank are written.
    private static let collectiveCount = 128

    private let folder: String
    private let rank: Int
    private let worldSize: Int
    private let complain: @Sendable (String) -> Void
    private let queue = DispatchQueue(label: "flight-recorder")
    private let writes = DispatchGroup()
    private let writtenFailures = Mutex<Int?>(nil)

    /// - Parameters:
    ///   - runFolder: the folder of the run, which may be one of another machine.
    ///   - complain: is told when a record cannot be written, which stops nothing.
    init(runFolder: String, rank: Int, worldSize: Int, complain: @escaping @Sendable (String) -> Void) {
        folder = "\(runFolder)/\(FlightRecord.folderName)"
        self.rank = rank
        self.worldSize = worldSize
        self.complain = complain
    }

    /// Writes from now on when a group of this process fails.
    func begin() {
        Self.holder.withLock { $0 = self }
        ProcessGroup.observeFailures { [self] in write($0) }
    }

    /// Writes no more.
    func end() {
        ProcessGroup.observeFailures(nil)
        Self.holder.withLock { $0 = nil }
    }

    /// Writes the record, unless no group has failed since it was written last.
    func write(_ reason: String) {
        let time = Date()
        // Held until it is written: a training that has failed lets go of its groups.
        let groups = ProcessGroup.all
        queue.async(group: writes) { [self] in
            let failures = groups.count { $0.failure != nil }
            let isNew = writtenFailures.withLock { written in
                defer { written = max(failures, written ?? 0) }
                return written.map { failures > $0 } ?? true
            }
            guard isNew, !groups.isEmpty else { return }
            let record = FlightRecord(
                rank: rank, worldSize: worldSize, host: ProcessInfo.processInfo.hostName, pid: getpid(), time: time,
                reason: reason, groups: groups.map { FlightRecord.Group($0.snapshot(last: Self.collectiveCount)) })
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try AtomicFile.write(
                    Array(record.encoded()), to: "\(folder)/\(FlightRecord.fileName(rank: rank))")
            } catch {
                complain("rank \(rank)'s flight record is not written: \(error)")
            }
        }
    }

    /// Waits until what was asked for is written, at most two seconds.
    func wait() {
        _ = writes.wait(timeout: .now() + 2)
    }
}

extension FlightRecord.Group {
    fileprivate init(_ group: GroupSnapshot) {
        self.init(
            name: group.name, worldSize: group.worldSize, failure: group.failure, holdUp: group.holdUp,
            own: FlightRecord.Member(group.own), neighbours: group.neighbours.map(FlightRecord.Member.init))
    }
}

extension FlightRecord.Member {
    fileprivate init(_ member: GroupSnapshot.Rank) {
        self.init(
            rank: member.rank, pid: member.pid, process: member.process, activity: member.activity,
            activitySince: member.activitySince, lastEntered: member.lastEntered,
            collectives: member.collectives.map { collective in
                FlightRecord.Collective(
                    sequence: collective.sequence, operation: collective.operation, bucket: collective.bucket,
                    byteCount: collective.byteCount, dtype: collective.dtype, contents: collective.contents,
                    state: FlightRecord.State(rawValue: collective.state) ?? .entered, entered: collective.entered,
                    left: collective.left)
            })
    }
}
