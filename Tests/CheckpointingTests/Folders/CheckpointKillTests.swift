import Checkpointing
import Foundation
import LockstepTesting
import Testing

@Suite("A save that is killed costs nothing")
struct CheckpointKillTests {
    /// A folder whose newest checkpoint is known, through any number of saves that are killed.
    private struct Trial {
        let folder: CheckpointFolder
        let probe: CheckpointProbe
        var step = 1
        var seed = 1
        var kills = 0

        init(in path: String) throws {
            folder = CheckpointFolder(at: path)
            probe = try CheckpointProbe()
            let reply = try probe.save(path, step: step, seed: seed)
            try #require(reply.ending == "saved ")
        }

        /// Saves the next step, or the same one again, is killed, and looks.
        ///
        /// - Returns: Whether it came to the kill.
        @discardableResult
        mutating func save(replacing: Bool, _ fault: String, _ value: Int) throws -> Bool {
            let (newStep, newSeed) = (step + (replacing ? 0 : 1), seed + 1)
            let reply = try probe.save(folder.path, step: newStep, seed: newSeed, fault, value)
            if reply.ending == nil { kills += 1 }
            let opened = try #require(try folder.latest(), "\(fault) \(value)")
            #expect(opened.notices.isEmpty, "\(fault) \(value)")
            let isNew = isSaved(opened.checkpoint, step: newStep, seed: newSeed)
            #expect(
                isNew || isSaved(opened.checkpoint, step: step, seed: seed), "\(fault) \(value): neither old nor new")
            if reply.ending != nil { #expect(isNew, "\(fault) \(value) did not stop it") }
            let lines = try folder.sweep()
            #expect(lines.allSatisfy { !$0.contains("stays") }, "\(lines)")
            let left = try names(in: folder.path)
            #expect(left.allSatisfy { $0 == "latest" || $0.hasPrefix("step-") }, "\(fault) \(value): \(left)")
            let swept = try #require(try folder.latest(), "\(fault) \(value)")
            #expect(swept.checkpoint.step == opened.checkpoint.step, "the sweep took nothing that counts")
            if isNew { (step, seed) = (newStep, newSeed) }
            return reply.ending == nil
        }
    }

    @Test("at every system call: the newest is the old one or the new one", arguments: ["call", "call-x"])
    func systemCalls(_ fault: String) throws {
        let folder = try TemporaryFolder()
        var trial = try Trial(in: folder.path("checkpoints"))
        for replacing in [false, true] {
            var call = 1
            while try trial.save(replacing: replacing, fault, call) { call += 1 }
            #expect(call > 20, "a save makes more calls than that")
        }
    }

    @Test("at any byte: the newest is the old one or the new one")
    func bytes() throws {
        let folder = try TemporaryFolder()
        var trial = try Trial(in: folder.path("checkpoints"))
        let whole = try trial.probe.save(trial.folder.path, step: trial.step, seed: trial.seed)
        try #require(whole.bytes > 200_000)
        for index in 0..<60 {
            try trial.save(replacing: index % 2 == 0, "byte", .random(in: 0..<whole.bytes))
        }
        #expect(trial.kills == 60)
    }

    @Test("at any time: the newest is the old one or the new one")
    func times() throws {
        let folder = try TemporaryFolder()
        var trial = try Trial(in: folder.path("checkpoints"))
        let clock = ContinuousClock()
        let duration = try clock.measure {
            _ = try trial.probe.save(trial.folder.path, step: trial.step, seed: trial.seed)
        }
        let limit = Int(duration / .microseconds(1))
        for index in 0..<60 { try trial.save(replacing: index % 2 == 0, "time", .random(in: 0..<limit)) }
    }

    @Test("what a living process writes is not swept, and is once it is dead")
    func living() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path("checkpoints"))
        let probe = try CheckpointProbe()
        let pid = try #require(try probe.save(checkpoints.path, step: 1, seed: 1, "stop", 8).stopped)
        let before = try names(in: checkpoints.path)
        try #require(before.count == 1 && before[0].hasPrefix(".partial-step-000000001-\(pid)-"))
        #expect(try checkpoints.latest()?.path == nil)
        let lines = try checkpoints.sweep()
        #expect(lines.count == 1 && lines[0].contains("pid \(pid)") && lines[0].contains("stays"))
        #expect(try names(in: checkpoints.path) == before)
        kill(pid, SIGCONT)
        // The probe has counted it as done; its end shows in the folder.
        let deadline = Date(timeIntervalSinceNow: 30)
        while try names(in: checkpoints.path) != ["latest", "step-000000001"], Date() < deadline { usleep(1000) }
        #expect(isSaved(try #require(try checkpoints.latest()).checkpoint, step: 1, seed: 1))
        let second = try #require(try probe.save(checkpoints.path, step: 2, seed: 2, "stop", 8).stopped)
        kill(second, SIGKILL)
        while try checkpoints.sweep().first?.contains("stays") == true, Date() < deadline { usleep(1000) }
        #expect(try names(in: checkpoints.path) == ["latest", "step-000000001"])
    }
}
