import Checkpointing
import Foundation
import LockstepTesting
import Testing

@Suite("A save that the system lets down leaves the last checkpoint")
struct CheckpointFailureTests {
    @Test(
        "each failure has its code, at whatever point of the save it comes",
        arguments: [
            (
                "write",
                [
                    (ENOSPC, "diskFull"), (EDQUOT, "quotaExceeded"), (EIO, "diskFault"), (EROFS, "readOnly"),
                    (EACCES, "notPermitted"), (EFBIG, "unwritable"),
                ]
            ),
            (
                "fsync",
                [
                    (EIO, "notSynchronized"), (EROFS, "notSynchronized"), (ENOSPC, "diskFull"),
                    (EDQUOT, "quotaExceeded"),
                ]
            ),
            ("mkdir", [(EROFS, "readOnly"), (ENOSPC, "diskFull")]),
            ("rename", [(EIO, "diskFault"), (ENOSPC, "diskFull")]),
        ] as [(String, [(Int32, String)])])
    func codes(_ call: String, _ errors: [(Int32, String)]) throws {
        let probe = try CheckpointProbe()
        for (error, code) in errors {
            let folder = try TemporaryFolder()
            let checkpoints = CheckpointFolder(at: folder.path("checkpoints"))
            try #require(try probe.save(checkpoints.path, step: 1, seed: 1).ending == "saved ")
            var failures = 0
            for done in 0..<20 {
                let reply = try probe.save(checkpoints.path, step: 2, seed: 2, call, done, error: error)
                let ending = try #require(reply.ending)
                if ending.hasPrefix("saved") { break }
                failures += 1
                #expect(ending.hasPrefix("failed \(code) "), "after \(done): \(ending)")
                #expect(ending.contains("step 2") && ending.contains("errno \(error)"), "\(ending)")
                // The rename may have been done, and the fsync of the folder after it not.
                let opened = try #require(try checkpoints.latest())
                #expect(opened.notices.isEmpty)
                let isWritten = call == "fsync" && ending.contains("is written, but may not outlast a loss of power")
                #expect(isWritten || ending.contains("was not saved; earlier ones are as they were"), "\(ending)")
                let step = isWritten ? 2 : 1
                #expect(isSaved(opened.checkpoint, step: step, seed: step), "after \(done): \(ending)")
                #expect(try names(in: checkpoints.path).allSatisfy { $0 == "latest" || $0.hasPrefix("step-") })
            }
            #expect(failures > 0)
            #expect(try probe.save(checkpoints.path, step: 3, seed: 3).ending == "saved ", "and the next one is saved")
            #expect(isSaved(try #require(try checkpoints.latest()).checkpoint, step: 3, seed: 3))
        }
    }

    @Test("a disk that writes something else is found out before the old checkpoint goes")
    func flipped() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path("checkpoints"))
        let probe = try CheckpointProbe()
        let whole = try probe.save(checkpoints.path, step: 1, seed: 1)
        for part in 0..<20 {
            let byte = whole.bytes * part / 20
            // Both a new step and one that replaces the only one.
            let ending = try probe.save(checkpoints.path, step: 1 + part % 2, seed: 2, "flip", byte).ending
            #expect(ending?.hasPrefix("failed notVerified ") == true, "byte \(byte): \(ending ?? "")")
            #expect(isSaved(try #require(try checkpoints.latest()).checkpoint, step: 1, seed: 1))
            #expect(try names(in: checkpoints.path) == ["latest", "step-000000001"])
        }
    }

    @Test("everything is on the disk before it has its name, and that too before anything old goes")
    func order() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("checkpoints")
        let probe = try CheckpointProbe()
        // The folder is made; four files, the new folder; its name, the folder above; the link.
        let created = "mf" + "m" + "wfwfwfwf" + "f" + "rf" + "sr"
        #expect(try probe.save(path, step: 1, seed: 1).order == created)
        let another = "m" + "m" + "wfwfwfwf" + "f" + "rf" + "sr"
        #expect(try probe.save(path, step: 2, seed: 2).order == another)
        // Two stay; the third oldest is renamed, and then its four files and the folder go.
        #expect(try probe.save(path, step: 3, seed: 3).order == another + "r" + "uuuuud")
        // One that is replaced goes after the exchange.
        let replaced = "m" + "m" + "wfwfwfwf" + "f" + "rxf" + "uuuuud" + "sr"
        #expect(try probe.save(path, step: 3, seed: 4).order == replaced)
        // Without an exchange the old one is moved aside first.
        let moved = "m" + "m" + "wfwfwfwf" + "f" + "rxrrf" + "uuuuud" + "sr"
        #expect(try probe.save(path, step: 3, seed: 5, "none-x").order == moved)
    }

    @Test("an old checkpoint that cannot be removed is a notice")
    func unremovable() throws {
        let folder = try TemporaryFolder()
        let checkpoints = CheckpointFolder(at: folder.path("checkpoints"))
        let probe = try CheckpointProbe()
        for step in 1...2 { _ = try probe.save(checkpoints.path, step: step, seed: step) }
        let ending = try #require(try probe.save(checkpoints.path, step: 3, seed: 3, "unlink", 0, error: EIO).ending)
        #expect(ending.hasPrefix("saved ") && ending.contains("step 1") && ending.contains("not removed"))
        #expect(isSaved(try #require(try checkpoints.latest()).checkpoint, step: 3, seed: 3))
        #expect(try checkpoints.entries().map(\.step) == [2, 3])
        #expect(try checkpoints.sweep().count == 1, "the next start removes it")
        #expect(try names(in: checkpoints.path) == ["latest", "step-000000002", "step-000000003"])
    }

    /// In CI, root must be able to mount.
    private static let canMount: Bool = {
        guard geteuid() == 0 else { return false }
        guard ProcessInfo.processInfo.environment["CI"] == nil else { return true }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(
        "a disk that is full or read-only is survived",
        .enabled(if: canMount, "a small disk needs root's privileges to mount it"))
    func smallDisk() throws {
        let folder = try TemporaryFolder()
        // A checkpoint takes 240 kB: one fits, and a second one does not.
        let mount = "mount -t tmpfs -o size=400k none '\(folder.path)' && exec \"$0\""
        let probe = try CheckpointProbe(wrapper: ["/usr/bin/unshare", "-m", "sh", "-c", mount])
        let path = folder.path("checkpoints")
        #expect(try probe.save(path, step: 1, seed: 1).ending == "saved ")
        // The disk is seen in the probe's own name space alone.
        let checkpoints = CheckpointFolder(at: "/proc/\(probe.pid)/root\(path)")
        let full = try #require(try probe.save(path, step: 2, seed: 2).ending)
        #expect(full.hasPrefix("failed diskFull ") && full.contains("No space left on device"))
        #expect(try names(in: checkpoints.path) == ["latest", "step-000000001"])
        #expect(throws: CheckpointError.self) { try checkpoints.requireSpace(for: 240_000) }
        try checkpoints.requireSpace(for: 20_000)
        try probe.makeReadOnly(folder.path)
        let refused = try #require(try probe.save(path, step: 2, seed: 2).ending)
        #expect(refused.hasPrefix("failed readOnly "))
        #expect(isSaved(try #require(try checkpoints.latest()).checkpoint, step: 1, seed: 1))
    }
}
