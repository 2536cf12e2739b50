import Foundation
import LockstepTesting
import Testing

@testable import Checkpointing

@Suite("Leftovers of saves are swept")
struct CheckpointSweepTests {
    private let folder: TemporaryFolder
    private let checkpoints: CheckpointFolder

    init() throws {
        folder = try TemporaryFolder()
        checkpoints = CheckpointFolder(at: folder.path)
        try checkpoints.write(CheckpointFolder.snapshot(CheckpointSample.checkpoint(step: 1)))
    }

    @Test("whatever the process id in the name, even this process's own", arguments: [1, getpid(), 4_000_000])
    func swept(_ pid: Int32) throws {
        for kind in CheckpointNames.Kind.temporary where kind != .link {
            let path = folder.path(CheckpointNames.temporary(kind, step: 1, pid: pid))
            try FileManager.default.createDirectory(atPath: path + "/below/it", withIntermediateDirectories: true)
            try CheckpointSample.replace(path + "/model.safetensors", [1])
            try #require(symlink("../step-000000001", path + "/link") == 0)
        }
        try #require(symlink("x", folder.path(CheckpointNames.temporary(.link, step: 1, pid: pid))) == 0)
        let lines = try checkpoints.sweep()
        #expect(lines.count == 4 && lines.allSatisfy { $0.contains("removed") && $0.contains("pid \(pid)") })
        #expect(try names(in: folder.path) == ["latest", "step-000000001"])
        #expect(try checkpoints.latest()?.notices == [])
        #expect(try checkpoints.sweep().isEmpty)
    }

    @Test("what somebody works at stays, in this process too")
    func held() throws {
        let path = folder.path(CheckpointNames.temporary(.partial, step: 2, pid: getpid()))
        try #require(mkdir(path, 0o700) == 0)
        let lock = try #require(FolderLock.take(path))
        let lines = try withExtendedLifetime(lock) { try checkpoints.sweep() }
        #expect(lines.count == 1 && lines[0].contains("stays"))
        #expect(try names(in: folder.path).contains { $0.hasPrefix(".partial-") })
    }

    @Test(
        "other names stay", arguments: [".partial-step-1", ".partial-step-1-2", ".partial-step-x-2-z", "partial", ".x"])
    func others(_ name: String) throws {
        try #require(mkdir(folder.path(name), 0o700) == 0)
        #expect(try checkpoints.sweep().isEmpty)
        #expect(try names(in: folder.path).contains(name))
    }

    @Test("an old checkpoint that was making room is found, and gets its name back")
    func replaced() throws {
        let aside = folder.path(CheckpointNames.temporary(.replaced, step: 1, pid: 4_000_000))
        try FileManager.default.moveItem(atPath: folder.path("step-000000001"), toPath: aside)
        let opened = try #require(try checkpoints.latest())
        #expect(opened.path == aside && opened.checkpoint.step == 1)
        #expect(try checkpoints.sweep().count == 1)
        #expect(try names(in: folder.path) == ["latest", "step-000000001"])
        #expect(try checkpoints.latest()?.checkpoint.step == 1)
    }
}
