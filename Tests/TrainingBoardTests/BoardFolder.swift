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

    /// A summary of as many ranks.
    static func summary(ranks: Int) -> String {
        let rows = (0..<ranks).map { rank in
            #"{"rank":\#(rank),"host":"machine-\#(rank / 2)","seconds":61.5,"samples":96000,"samples_per_second":\#(1500 - rank),"#
                + #""compute":0.62,"communication":0.2,"data":0.13,"other":0.05,"peak_memory":1550000000}"#
        }
        return
            #"{"outcome":"finished","seconds":61.5,"steps":1875,"samples_per_second":5990.5,"ranks":[\#(rows.joined(separator: ","))]}"#
    }

    /// An evaluation of a hundred samples a class, with a mistake that has a grey image of 28 times 28 pixels, one that
    /// has a coloured image of 2 times 2 and one that has none.
    static func evaluation(_ classes: [String]) -> String {
        let rows = classes.indices.map { row in
            let wrong = (row * 7) % 23
            let counts = classes.indices.map { column in
                column == row ? 100 - wrong : column == (row + 3) % classes.count ? wrong : 0
            }
            return "[\(counts.map(String.init).joined(separator: ","))]"
        }
        let grey = Data(
            (0..<784).map { place -> UInt8 in
                let (row, column) = (abs(place / 28 - 14), abs(place % 28 - 14))
                return UInt8(clamping: 255 - 18 * (row + column))
            })
        let coloured = Data((0..<12).map { UInt8($0 * 20) })
        let names = classes.map { "\"\($0)\"" }.joined(separator: ",")
        return
            #"{"step":1875,"epoch":2,"class_names":[\#(names)],"confusion":[\#(rows.joined(separator: ","))],"mistakes":["#
            + #"{"index":4711,"label":0,"predicted":1,"probability":0.998,"loss":6.21,"width":28,"height":28,"channels":1,"pixels":"\#(grey.base64EncodedString())"},"#
            + #"{"index":7,"label":1,"predicted":0,"probability":0.98,"loss":3.9,"width":2,"height":2,"channels":3,"pixels":"\#(coloured.base64EncodedString())"},"#
            + #"{"index":9,"label":1,"predicted":0,"probability":0.91,"loss":"Infinity"}]}"#
    }
}

extension RunStore {
    /// Reads all that there is.
    func readAll(_ now: Double = Date().timeIntervalSince1970) async {
        while await poll(now) {}
    }
}
