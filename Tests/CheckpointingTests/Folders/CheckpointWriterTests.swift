import Checkpointing
import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@Suite("Checkpoints are written while training goes on")
struct CheckpointWriterTests {
    @Test("saves that follow on one another are all written, each as it was")
    func several() throws {
        let folder = try TemporaryFolder()
        let writer = CheckpointWriter(CheckpointFolder(at: folder.path("checkpoints")), keep: .all)
        let weight = Tensor.zeros([100_000])
        writer.reserve(for: Checkpoint(step: 0, parts: ["model": ["weight": weight]]))
        for step in 1...5 {
            weight += 1
            writer.save(Checkpoint(step: step, parts: ["model": ["weight": weight]]))
        }
        weight += 1
        let outcomes = try writer.finish()
        #expect(outcomes.map(\.step) == [1, 2, 3, 4, 5])
        #expect(try outcomes.map { try $0.result.get().path } == writer.folder.entries().map(\.path))
        for entry in try writer.folder.entries() {
            let opened = try CheckpointFolder.open(entry.path)
            #expect(opened.parts["model"]?["weight"]?.array(of: Int.self).allSatisfy { $0 == entry.step } == true)
        }
        #expect(try writer.finish().isEmpty, "outcomes are taken once")
    }

    @Test("a save during another one waits for it, and both are whole")
    func during() throws {
        let folder = try TemporaryFolder()
        let writer = CheckpointWriter(CheckpointFolder(at: folder.path("checkpoints")), keep: .last(1))
        let snapshots = (1...4).map { CheckpointFolder.snapshot(CheckpointSample.checkpoint(step: $0, seed: $0)) }
        for snapshot in snapshots { writer.save(snapshot) }
        writer.wait()
        #expect(try writer.finish().map(\.step) == [1, 2, 3, 4])
        #expect(
            CheckpointSample.isSame(
                try #require(try writer.folder.latest()).checkpoint, CheckpointSample.checkpoint(step: 4, seed: 4)))
        #expect(try writer.folder.entries().map(\.step) == [4])
    }

    @Test("a failure is an outcome, and the next save is written")
    func failure() throws {
        let folder = try TemporaryFolder()
        let writer = CheckpointWriter(CheckpointFolder(at: folder.path("checkpoints")), keep: .last(1))
        #expect(writer.takeOutcome()?.step == nil)
        try CheckpointSample.replace(folder.path("checkpoints"), [1])
        writer.save(CheckpointSample.checkpoint(step: 1))
        writer.wait()
        let outcome = try #require(writer.takeOutcome())
        #expect(outcome.step == 1 && outcome.duration > .zero)
        let error = #expect(throws: CheckpointError.self) { try outcome.result.get() }
        #expect(error?.code == .unwritable && error?.message.contains("step 1") == true)
        try FileManager.default.removeItem(atPath: folder.path("checkpoints"))
        writer.save(CheckpointSample.checkpoint(step: 2))
        #expect(try writer.finish().map(\.step) == [2])
    }

    @Test("the first failure that nobody asked for is thrown at the end")
    func thrown() throws {
        let folder = try TemporaryFolder()
        let writer = CheckpointWriter(CheckpointFolder(at: folder.path), keep: .all)
        writer.save(Checkpoint(step: 1, parts: ["a/b": [:]]))
        writer.save(CheckpointSample.checkpoint(step: 2))
        let error = #expect(throws: CheckpointError.self) { try writer.finish() }
        #expect(error?.code == .invalidName)
        #expect(try writer.folder.latest()?.checkpoint.step == 2)
    }
}
