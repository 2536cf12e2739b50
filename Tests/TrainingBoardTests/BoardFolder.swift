import Foundation
import Testing

@testable import TrainingBoard

/// A folder of runs of a test's own, which goes with the last reference.
final class BoardFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/board-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file whole, and the folders above it.
    func write(_ text: String, to name: String) throws {
        try makeFolder((name as NSString).deletingLastPathComponent)
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    /// Adds to a file's end, as one piece.
    func append(_ text: String, to name: String) throws {
        guard let file = FileHandle(forWritingAtPath: "\(path)/\(name)") else { return try write(text, to: name) }
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
    }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    /// The folder as the board sees it.
    var runs: RunsFolder { RunsFolder(path) }

    /// Metrics of `steps`, with a loss that falls.
    static func metrics(_ steps: some Sequence<Int>) -> String {
        steps.map { #"{"step":\#($0),"epoch":1,"loss":\#(2.0 / Double($0 + 1)),"seconds":\#($0)}"# + "\n" }.joined()
    }

    /// A line of a rank's start, by this process unless another is named.
    static func start(
        _ rank: Int, of world: Int, at time: Double = Date().timeIntervalSince1970, pid: Int32 = getpid(),
        host: String = ProcessPresence.hostName
    ) -> String {
        #"{"type":"start","time":\#(time),"rank":\#(rank),"local_rank":\#(rank),"world_size":\#(world),"#
            + #""host":"\#(host)","pid":\#(pid),"threads":1,"device":"cpu"}"# + "\n"
    }

    /// A line of a rank's status; by itself one that no silence follows soon, however slow a test is.
    static func status(_ step: Int, at time: Double = Date().timeIntervalSince1970 + 600) -> String {
        #"{"type":"status","time":\#(time),"step":\#(step),"epoch":1,"batch":\#(step),"phase":"forward pass","#
            + #""samples_per_second":100.5,"memory":1000000,"peak_memory":2000000}"# + "\n"
    }

    static func step(_ step: Int, begin: Double = Date().timeIntervalSince1970, forward: Double = 0.002) -> String {
        #"{"type":"step","step":\#(step),"begin":\#(begin),"data":0.0005,"forward":\#(forward),"backward":0.004,"#
            + #""communication":0.003,"optimizer":0.001,"other":0.0002}"# + "\n"
    }

    static func end(_ outcome: String, _ message: String = "", at time: Double = Date().timeIntervalSince1970) -> String
    {
        #"{"type":"end","time":\#(time),"outcome":"\#(outcome)","message":"\#(message)"}"# + "\n"
    }
}

extension RunStore {
    /// Reads all that there is.
    func readAll(_ now: Double = Date().timeIntervalSince1970) async {
        while await poll(now) {}
    }
}
