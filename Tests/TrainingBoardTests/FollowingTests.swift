import Foundation
import RunFiles
import Testing

@testable import TrainingBoard

@Suite("Files that are followed")
struct FollowingTests {
    private let folder: BoardFolder
    private let name = "a/metrics.jsonl"

    init() throws { folder = try BoardFolder() }

    private func read(_ follower: inout MetricsFollower) -> [Int32] {
        repeat { _ = follower.read(folder.runs.open("a", ["metrics.jsonl"])) } while !follower.isAtEnd
        return follower.log["loss"]?.steps ?? []
    }

    @Test("a file that grows is read on from where it was")
    func growing() throws {
        var follower = MetricsFollower(keepsPoints: true)
        #expect(read(&follower).isEmpty)
        try folder.write(BoardFolder.metrics(1...3), to: name)
        #expect(read(&follower) == [1, 2, 3])
        try folder.append(#"{"step":4,"#, to: name)
        #expect(read(&follower) == [1, 2, 3])
        try folder.append(#""loss":1}"# + "\n", to: name)
        #expect(read(&follower) == [1, 2, 3, 4])
        let isNew = follower.read(folder.runs.open("a", ["metrics.jsonl"]))
        #expect(!isNew)
    }

    @Test("a file that is cut, as when a run goes back, loses its points too")
    func shrinking() throws {
        var follower = MetricsFollower(keepsPoints: true)
        try folder.write(BoardFolder.metrics(1...50), to: name)
        #expect(read(&follower).count == 50)
        try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder.path)/\(name)"))
            .truncate(atOffset: UInt64(BoardFolder.metrics(1...20).utf8.count))
        #expect(read(&follower) == Array(1...20))
        #expect(follower.log.digest.step == 20)
    }

    @Test("a file that was cut and has grown past where it was is noticed by its contents")
    func cutAndGrown() throws {
        var follower = MetricsFollower(keepsPoints: true)
        try folder.write(BoardFolder.metrics(1...50), to: name)
        _ = read(&follower)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder.path)/\(name)"))
        try file.truncate(atOffset: UInt64(BoardFolder.metrics(1...20).utf8.count))
        try file.seekToEnd()
        try file.write(contentsOf: Data(BoardFolder.metrics(100...300).utf8))
        #expect(read(&follower) == Array(1...20) + Array(100...300))
    }

    @Test("a file that is replaced or removed is forgotten")
    func replaced() throws {
        var follower = MetricsFollower(keepsPoints: true)
        try folder.write(BoardFolder.metrics(1...5), to: name)
        #expect(read(&follower).count == 5)
        try folder.write(BoardFolder.metrics(1...5), to: "a/new")
        try folder.append(BoardFolder.metrics(6...9), to: "a/new")
        #expect(rename("\(folder.path)/a/new", "\(folder.path)/\(name)") == 0)
        #expect(read(&follower) == Array(1...9))
        try folder.remove(name)
        #expect(read(&follower).isEmpty)
    }

    @Test("a file of several megabytes is read in pieces, to its end")
    func large() throws {
        var follower = MetricsFollower(keepsPoints: true)
        try folder.write(BoardFolder.metrics(1...60_000), to: name)
        let isNew = follower.read(folder.runs.open("a", ["metrics.jsonl"]))
        #expect(isNew)
        #expect(!follower.isAtEnd)
        #expect(read(&follower).count == 60_000)
    }

    @Test("a line longer than a piece is passed over")
    func endlessLine() throws {
        var follower = MetricsFollower(keepsPoints: true)
        let line = #"{"step":1,"x":""# + String(repeating: "y", count: FileCursor.piece * 2) + "\"}\n"
        try folder.write(line + BoardFolder.metrics(2...3), to: name)
        #expect(read(&follower) == [2, 3])
    }

    @Test("of a rank's long file the start is found, and the end is read")
    func longRankFile() throws {
        let begin =
            BoardFolder.start(0, of: 1, at: 5, pid: 1, host: "old") + BoardFolder.start(0, of: 1, at: 10, pid: 77)
        try folder.write(begin, to: "a/ranks/rank-0.jsonl")
        try folder.append((1...20_000).map { BoardFolder.step($0, begin: 11) }.joined(), to: "a/ranks/rank-0.jsonl")
        try folder.append(BoardFolder.status(20_000, at: 99), to: "a/ranks/rank-0.jsonl")
        var follower = RankFollower()
        repeat { _ = follower.read(folder.runs.open("a", ["ranks", "rank-0.jsonl"])) } while !follower.isAtEnd
        #expect(follower.log.start?.pid == 77)
        #expect(follower.log.status?.step == 20_000)
        #expect(follower.log.steps.last?.step == 20_000)
        #expect(follower.log.steps.count == RankLog.mostSteps)
    }
}
