import Files
import Foundation
import SwiftProtobuf

/// Writes TensorBoard event files into the folder `tensorboard` of the run's folder.
///
/// Each measurement is a scalar under its name, at its step. Every start of the run has a file of its own, whose name no
/// other writer can have. A run that was resumed or went back says so in its file, which makes TensorBoard forget the later
/// steps, so a step has one point. Records go to the operating system whole; after a killed process the last one may be
/// cut, and TensorBoard reads all before it.
///
/// ```
/// tensorboard --logdir runs
/// ```
public struct TensorBoardTracker: Tracker {
    /// How the folder is called in the run's folder.
    public static let folderName = "tensorboard"

    private var file: TrackerFile?

    /// A tracker that starts with the run.
    public init() {}

    /// How it is called in notices.
    public var name: String { "TensorBoard" }

    /// Creates the folder and a file in it.
    ///
    /// - Throws: ``TrackingError`` where they cannot be created.
    public mutating func start(_ run: TrackedRun) throws {
        let folder = "\(run.folder)/\(Self.folderName)"
        try RunFolder.createFolders(folder)
        var version = TensorBoardEvent()
        version.wallTime = run.start.timeIntervalSince1970
        version.fileVersion = "brain.Event:2"
        var file = try Self.newFile(in: folder, run.start)
        try file.append(
            try Self.record(version) + Self.record(Self.restart(at: run.resumedAfter.map { $0 + 1 } ?? 0, run.start)))
        self.file = file
    }

    /// Appends an event a point.
    ///
    /// - Throws: ``TrackingError`` where the file cannot be written.
    public mutating func log(_ points: [TrackedPoint]) throws {
        var bytes: [UInt8] = []
        for point in points {
            let measurements = point.measurements
            if measurements.isEmpty { continue }
            var event = TensorBoardEvent()
            event.wallTime = point.time
            event.step = Int64(point.step)
            event.summary.value = measurements.map { name, number in
                var value = TensorBoardSummary.Value()
                value.tag = name
                value.simpleValue = Float(number)
                return value
            }
            try bytes.append(contentsOf: Self.record(event))
        }
        try file?.append(bytes)
    }

    /// Tells TensorBoard to forget what it has of later steps.
    ///
    /// - Throws: ``TrackingError`` where the file cannot be written.
    public mutating func goBack(to step: Int) throws {
        try file?.append(Self.record(Self.restart(at: step + 1, Date())))
    }

    /// Closes the file.
    public mutating func finish(_ outcome: TrackedOutcome) {
        file = nil
    }

    // MARK: Events

    /// The event that makes TensorBoard forget a step and all behind it.
    private static func restart(at step: Int, _ date: Date) -> TensorBoardEvent {
        var event = TensorBoardEvent()
        event.wallTime = date.timeIntervalSince1970
        event.step = Int64(step)
        event.sessionLog.status = .start
        return event
    }

    private static func record(_ event: TensorBoardEvent) throws -> [UInt8] {
        let data: [UInt8] = try event.serializedBytes()
        return TFRecord.frame(data)
    }

    /// TensorBoard reads the files of a folder in the order of their names, so these begin with the time.
    private static func newFile(in folder: String, _ date: Date) throws -> TrackerFile {
        let seconds = max(0, date.timeIntervalSince1970)
        let time = String(format: "%010d.%06d", Int(seconds), Int(seconds.truncatingRemainder(dividingBy: 1) * 1e6))
        let host = ProcessInfo.processInfo.hostName.replacing("/", with: "-")
        var number = 0
        while true {
            let path = "\(folder)/events.out.tfevents.\(time).\(host).\(getpid()).\(number)"
            var status = stat()
            if lstat(path, &status) != 0 {
                do {
                    return try TrackerFile(path, mustBeNew: true)
                } catch let error as TrackingError where (error.cause as? SystemFailure)?.number == EEXIST {
                }
            }
            number += 1
        }
    }
}
