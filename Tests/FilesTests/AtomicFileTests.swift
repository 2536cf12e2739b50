import Files
import Foundation
import LockstepTesting
import Testing

@Suite("A file has its name only once it is whole")
struct AtomicFileTests {
    private func names(in folder: TemporaryFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func bytes(of path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

    @Test("gathered and large pieces arrive in their order", arguments: [0, 1, 1000, 1 << 20, (1 << 20) + 1, 3 << 20])
    func order(_ size: Int) throws {
        let folder = try TemporaryFolder()
        let pieces = [3, size, 5, size, 1].enumerated().map {
            [UInt8](repeating: UInt8($0.offset + 1), count: $0.element)
        }
        try AtomicFile.write(to: folder.path("out")) { output in
            for piece in pieces { try piece.withUnsafeBytes { try output.append($0) } }
        }
        #expect(try bytes(of: folder.path("out")) == Array(pieces.joined()))
    }

    @Test("an old file is replaced, and nothing else is left", arguments: [0, 5, 2 << 20])
    func replaced(_ size: Int) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("out")
        try AtomicFile.write([1, 2, 3], to: path)
        let new = [UInt8](repeating: 7, count: size)
        try AtomicFile.write(new, to: path)
        #expect(try bytes(of: path) == new)
        #expect(try names(in: folder) == ["out"])
    }

    @Test("an error in the middle of the writing leaves the old file and no other")
    func thrownInTheMiddle() throws {
        struct Stop: Error {}
        let folder = try TemporaryFolder()
        let path = folder.path("out")
        try AtomicFile.write([1, 2, 3], to: path)
        #expect(throws: Stop.self) {
            try AtomicFile.write(to: path) { output in
                try [UInt8](repeating: 0, count: 3 << 20).withUnsafeBytes { try output.append($0) }
                throw Stop()
            }
        }
        #expect(try bytes(of: path) == [1, 2, 3])
        #expect(try names(in: folder) == ["out"])
    }

    @Test("until the writing ends, only the temporary file grows")
    func temporaryName() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write(to: folder.path("out")) { output in
            try output.flush()
            let names = try names(in: folder)
            #expect(names.count == 1 && names.allSatisfy { $0.hasPrefix(AtomicFile.temporaryPrefix) })
        }
        #expect(try names(in: folder) == ["out"])
    }

    @Test("a finished file takes the place of the old one")
    func published() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write([1], to: folder.path("old"))
        try AtomicFile.write([2], to: folder.path("finished"))
        try AtomicFile.publish(folder.path("finished"), as: folder.path("old"))
        #expect(try bytes(of: folder.path("old")) == [2])
        #expect(try names(in: folder) == ["old"])
    }

    @Test("a finished file that cannot have its name stays")
    func unpublished() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write([2], to: folder.path("finished"))
        let error = try #require(throws: FileError.self) {
            try AtomicFile.publish(folder.path("finished"), as: folder.path("missing/new"))
        }
        #expect(error.code == .unwritable)
        #expect(error.path == folder.path("missing/new"))
        #expect(error.cause == SystemFailure(ENOENT))
        #expect(try names(in: folder) == ["finished"])
    }

    @Test("a full disk is called by its name")
    func fullDisk() throws {
        let full = try FileDescriptor(opening: "/dev/full", O_WRONLY)
        var output = FileOutput(full.number, for: "model.safetensors")
        let error = try #require(throws: FileError.self) {
            try [UInt8](repeating: 0, count: 2 << 20).withUnsafeBytes { try output.append($0) }
        }
        #expect(error.code == .diskFull)
        #expect(error.cause == SystemFailure(ENOSPC))
        #expect(error.message.contains("model.safetensors"))
        #expect(error.message.contains("free some space"))
    }

    @Test("what is no file's name is refused before anything is written", arguments: ["", "folder/", "folder", "pipe"])
    func noFile(_ name: String) throws {
        let folder = try TemporaryFolder()
        try #require(mkdir(folder.path("folder"), 0o700) == 0)
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        let path = name.isEmpty ? "" : folder.path(name)
        let error = try #require(throws: FileError.self) { try AtomicFile.write([1], to: path) }
        #expect(error.code == .unwritable)
        #expect(error.location.hasPrefix("Files/AtomicFile.swift:"))
        #expect(try names(in: folder) == ["folder", "pipe"])
    }
}
