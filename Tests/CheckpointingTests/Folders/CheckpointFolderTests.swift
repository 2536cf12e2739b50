import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@testable import Checkpointing

@Suite("A folder of checkpoints")
struct CheckpointFolderTests {
    private func save(
        _ checkpoint: Checkpoint, _ folder: CheckpointFolder, _ keep: KeepPolicy = .all
    ) throws
        -> SavedCheckpoint
    {
        try folder.write(CheckpointFolder.snapshot(checkpoint), keep: keep)
    }

    @Test("gives back every type, layout and value, bit for bit and in its order")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path("run/checkpoints/"))
        var checkpoint = Checkpoint(
            step: 120,
            record: [
                "text": "größe \"\\\n\u{1}", "integer": .integer(.min), "one": 1.0, "zero": -0.0, "tenth": 0.1,
                "small": .number(.leastNonzeroMagnitude), "infinite": .number(-.infinity), "yes": true, "no": nil,
                "list": [1, 2.5, [], [:], ["a": [1]]], "object": ["b": 1, "a": ["c": "d"]],
            ], metrics: ["loss": 0.25, "accuracy": 1])
        checkpoint.parts = ["model": CheckpointSample.everyType, "empty": [:], "ema-0.9": ["a": .ones([2])]]
        let saved = try save(checkpoint, checkpoints)
        #expect(saved == SavedCheckpoint(step: 120, path: checkpoints.path + "/step-000000120", notices: []))
        #expect(checkpoints.path == folder.path("run/checkpoints"))
        let opened = try CheckpointFolder.open(saved.path)
        #expect(CheckpointSample.isSame(opened, checkpoint))
        #expect(opened.record["zero"]?.doubleValue?.sign == .minus)
        #expect(
            try names(in: saved.path) == [
                "ema-0.9.safetensors", "empty.safetensors", "manifest.json", "model.safetensors", "state.json",
            ])
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: checkpoints.path + "/latest")
        #expect(target == "step-000000120")
        #expect(CheckpointSample.isSame(try CheckpointFolder.open(checkpoints.path + "/latest"), checkpoint))
        let plain = try Safetensors.load(from: saved.path + "/model.safetensors")
        #expect(CheckpointSample.isSame(plain.tensors, CheckpointSample.everyType), "each part is a plain file")
        #expect(plain.metadata == ["format": "pt"])
    }

    @Test("a snapshot is not touched by what is done to the tensors later, and memory is used again")
    func snapshot() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path)
        let memory = SnapshotMemory()
        let weight = Tensor.ones([1000])
        for step in 1...3 {
            let snapshot = CheckpointFolder.snapshot(
                Checkpoint(step: step, parts: ["model": ["weight": weight]]), in: memory)
            #expect(snapshot.byteCount == 4000)
            weight += 1
            try checkpoints.write(snapshot)
        }
        for step in 1...3 {
            let opened = try CheckpointFolder.open(checkpoints.entries()[step - 1].path)
            #expect(opened.parts["model"]?["weight"]?.array(of: Int.self) == [Int](repeating: step, count: 1000))
        }
    }

    @Test("memory goes from a snapshot that is gone to the next one, and no further")
    func memory() {
        let memory = SnapshotMemory()
        let first = memory.block(of: 100)
        memory.takeBack(first)
        let second = memory.block(of: 50)
        #expect(second === first)
        #expect(memory.block(of: 50) !== first)
        memory.takeBack(second)
        #expect(memory.block(of: 1000) !== first, "too small")
        memory.reserve(for: CheckpointSample.checkpoint(step: 1))
        let reserved = memory.block(of: 1)
        #expect(reserved.capacity == CheckpointSnapshot.memorySize(of: CheckpointSample.checkpoint(step: 1)))
        #expect(reserved.capacity >= CheckpointSample.checkpoint(step: 1).byteCount)
    }

    @Test("without any checkpoint there is no newest one, and no error", arguments: ["missing", "empty", "other"])
    func none(_ name: String) throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path(name))
        if name != "missing" { try #require(mkdir(checkpoints.path, 0o700) == 0) }
        if name == "other" {
            for other in ["step-1", "step--00000001", "step-00000000x", "notes"] {
                try #require(mkdir(checkpoints.path + "/" + other, 0o700) == 0)
            }
        }
        #expect(try checkpoints.latest()?.path == nil)
        #expect(try checkpoints.entries().isEmpty)
        #expect(try checkpoints.sweep().isEmpty)
    }

    @Test("a step that is saved again replaces the one before", arguments: [1, 3])
    func replaced(_ times: Int) throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path)
        for seed in 0...times {
            let checkpoint = CheckpointSample.checkpoint(step: 7, seed: seed)
            #expect(try save(checkpoint, checkpoints, .last(1)).notices.isEmpty)
            let opened = try #require(try checkpoints.latest())
            #expect(CheckpointSample.isSame(opened.checkpoint, checkpoint))
            #expect(try names(in: checkpoints.path) == ["latest", "step-000000007"])
        }
    }

    @Test("old checkpoints go as the policy says, after the new one is there")
    func kept() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path)
        let losses = [1: 3.0, 2: 1.0, 3: 2.0, 4: .nan, 5: 4.0, 6: 5.0]
        for step in 1...6 {
            let checkpoint = CheckpointSample.checkpoint(step: step, loss: losses[step])
            let policy = KeepPolicy.last(2).and(.best(1, of: "loss", .lowest)).and(.every(3))
            #expect(try save(checkpoint, checkpoints, policy).notices.isEmpty)
        }
        let entries = try checkpoints.entries()
        #expect(entries.map(\.step) == [2, 3, 5, 6])
        #expect(entries.map(\.metrics) == [["loss": 1], ["loss": 2], ["loss": 4], ["loss": 5]])
        #expect(entries.map(\.path) == entries.map { checkpoints.path + "/step-00000000\($0.step)" })
        #expect(try names(in: checkpoints.path).count == 5)
    }

    @Test("a checkpoint of an earlier step than others stays when it is saved")
    func rolledBack() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path)
        for step in [10, 20, 5] { _ = try save(CheckpointSample.checkpoint(step: step), checkpoints, .last(1)) }
        #expect(try checkpoints.entries().map(\.step) == [5, 20])
    }

    @Test(
        "names that are no files' are refused before anything is written",
        arguments: ["", ".hidden", "a/b", "..", "a b", "größe", String(repeating: "n", count: 300)])
    func invalidNames(_ name: String) throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path("checkpoints"))
        let error = try #require(throws: CheckpointError.self) {
            try save(Checkpoint(step: 1, parts: [name: ["a": .ones([1])]]), checkpoints)
        }
        #expect(error.code == .invalidName)
        #expect(try names(in: folder.path).isEmpty)
    }

    @Test("two parts that one file would hold are refused, and negative steps")
    func contradictions() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path)
        for checkpoint in [Checkpoint(step: 1, parts: ["a": [:], "A": [:]]), Checkpoint(step: -1)] {
            let error = try #require(throws: CheckpointError.self) { try save(checkpoint, checkpoints) }
            #expect(error.code == .invalidName)
        }
    }

    @Test(
        "a folder that cannot be is named, with the cause",
        arguments: [("file/checkpoints", "not a folder"), ("file", "not a folder")])
    func noFolder(_ name: String, _ words: String) throws {
        let folder = try TemporaryFolder()
        try CheckpointSample.replace(folder.path("file"), [1])
        let error = try #require(throws: CheckpointError.self) {
            try save(CheckpointSample.checkpoint(step: 1), CheckpointFolder(at: folder.path(name)))
        }
        #expect(error.code == .unwritable)
        #expect(error.message.contains(folder.path(name)) && error.message.contains(words), "\(error)")
        #expect(error.message.contains("step 1"))
    }

    @Test("something else named latest stays, and is a notice")
    func otherLatest() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path)
        try #require(mkdir(folder.path("latest"), 0o700) == 0)
        let notices = try save(CheckpointSample.checkpoint(step: 1), checkpoints).notices
        #expect(notices.count == 1 && notices[0].contains("latest"))
        #expect(try names(in: folder.path) == ["latest", "step-000000001"])
        #expect(try checkpoints.latest()?.checkpoint.step == 1)
    }

    @Test("room for so many checkpoints is asked for before it is needed")
    func space() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path("not/yet/there"))
        try checkpoints.requireSpace(for: 1000, count: 2)
        for byteCount in [1 << 60, Int.max] {
            let error = try #require(throws: CheckpointError.self) { try checkpoints.requireSpace(for: byteCount) }
            #expect(error.code == .insufficientSpace)
            #expect(error.message.contains(checkpoints.path) && error.message.contains("\(byteCount) bytes"))
        }
        #expect(try names(in: folder.path).isEmpty)
    }
}
