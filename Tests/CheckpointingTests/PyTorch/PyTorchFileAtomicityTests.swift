import Checkpointing
import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@Suite("PyTorch's files are written whole or not at all")
struct PyTorchFileAtomicityTests {
    private static var old: StateDictionary { ["old": Tensor.ones([4])] }
    private static var new: StateDictionary { ["new": Tensor.ones([2 << 20])] }

    @Test("a new file replaces the old one, and nothing else is left")
    func replaced() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/model.pth"
            try PyTorchFile.save(Self.new, to: path)
            try PyTorchFile.save(Self.old, to: path)
            try PyTorchFile.save(Self.old, to: folder + "/direct.pth")
            #expect(FileManager.default.contentsEqual(atPath: path, andPath: folder + "/direct.pth"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names == ["direct.pth", "model.pth"])
        }
    }

    @Test("a write that a size limit stops leaves the old file and no other")
    func stoppedInTheMiddle() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let path = folder.path("model.pth")
            try PyTorchFile.save(Self.old, to: path)
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 2 << 20, rlim_max: 2 << 20)
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
            do {
                try PyTorchFile.save(Self.new, to: path)
                exit(3)
            } catch let error as PyTorchFileError {
                guard error.code == .fileUnwritable, error.message.contains(path),
                    error.message.contains("ulimit -f")
                else { exit(4) }
            }
            guard try Data(contentsOf: URL(fileURLWithPath: path)) == before else { exit(5) }
            guard try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.pth"] else { exit(6) }
        }
    }

    @Test(
        "a path that cannot be written is named, with the next step",
        arguments: [
            ("missing/model.pth", "create the folder first"), ("file/model.pth", "not a folder"),
            ("folder", "a folder"), ("folder/", "names no file"),
        ])
    func unwritable(_ name: String, _ words: String) throws {
        try withTemporaryFolder { folder in
            try Data([1]).write(to: URL(fileURLWithPath: folder + "/file"))
            try FileManager.default.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: false)
            let error = try #require(throws: PyTorchFileError.self) {
                try PyTorchFile.save(Self.old, to: "\(folder)/\(name)")
            }
            #expect(error.code == .fileUnwritable)
            #expect(error.message.contains("\(folder)/\(name)"))
            #expect(error.message.contains(words), "\(error)")
            #expect(error.description == error.message, "the system's words stand in it only once")
            #expect(error.location.hasPrefix("Files/AtomicFile.swift:"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names == ["file", "folder"])
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/file")) == Data([1]))
        }
    }

    @Test("a folder that takes no new file keeps the old one")
    func unwritableFolder() throws {
        // Everything under /proc refuses new files, even to the superuser.
        let error = try #require(throws: PyTorchFileError.self) {
            try PyTorchFile.save(Self.old, to: "/proc/self/model.pth")
        }
        #expect(error.code == .fileUnwritable)
        #expect(error.cause != nil)
    }
}
