import Foundation
import Testing

@testable import Checkpointing

@Suite("Safetensors files are written whole or not at all")
struct SafetensorsAtomicityTests {
    typealias Tensor = (name: String, dtype: SafetensorsDType, shape: [Int], bytes: [UInt8])

    private static let old: [Tensor] = [("old", .u8, [4], [1, 2, 3, 4])]
    private static let new: [Tensor] = [("new", .u8, [4 << 20], [UInt8](repeating: 7, count: 4 << 20))]

    @Test("a new file replaces the old one, and nothing else is left")
    func replaced() throws {
        let folder = try SafetensorsFolder()
        let path = folder.file("model.safetensors")
        try SafetensorsSample.write(Self.old, to: path)
        let reader = try SafetensorsFile(path)
        try SafetensorsSample.write(Self.new, to: path)
        #expect(try SafetensorsFile(path).entries.map(\.name) == ["new"])
        #expect(try reader.copy(of: "old") == [1, 2, 3, 4], "a reader of the old file keeps it")
        #expect(try folder.names == ["model.safetensors"])
    }

    @Test("a write that a size limit stops leaves the old file and no other")
    func stoppedInTheMiddle() async {
        await #expect(processExitsWith: .success) {
            let folder = try SafetensorsFolder()
            let path = folder.file("model.safetensors")
            try SafetensorsSample.write(Self.old, to: path)
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 2 << 20, rlim_max: 2 << 20)
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
            do {
                try SafetensorsSample.write(Self.new, to: path)
                exit(3)
            } catch let error as SafetensorsError {
                guard error.code == .fileUnwritable, error.message.contains(path),
                    error.message.contains("ulimit -f")
                else { exit(4) }
            }
            guard try Data(contentsOf: URL(fileURLWithPath: path)) == before else { exit(5) }
            guard try folder.names == ["model.safetensors"] else { exit(6) }
        }
    }

    @Test(
        "a path that cannot be written is named, with the next step",
        arguments: [
            ("missing/model.safetensors", "create the folder first"),
            ("file/model.safetensors", "not a folder"),
            ("folder", "a folder"),
            ("folder/", "names no file"),
            ("pipe", "a device, pipe or socket"),
            (String(repeating: "n", count: 300), "shorter"),
        ])
    func unwritable(_ name: String, _ words: String) throws {
        let folder = try SafetensorsFolder()
        _ = try folder.place([1], as: "file")
        try FileManager.default.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
        try #require(mkfifo(folder.file("pipe"), 0o600) == 0)
        let error = try #require(throws: SafetensorsError.self) {
            try SafetensorsSample.write(Self.old, to: folder.file(name))
        }
        #expect(error.code == .fileUnwritable)
        #expect(error.message.contains(folder.file(name)))
        #expect(error.message.contains(words), "\(error)")
        #expect(error.description == error.message, "the system's words stand in it only once")
        #expect(error.location.hasPrefix("Files/AtomicFile.swift:"))
        #expect(try folder.names == ["file", "folder", "pipe"])
    }

    @Test("a file in the working folder needs no folder in its path")
    func bareName() async {
        await #expect(processExitsWith: .success) {
            let folder = try SafetensorsFolder()
            guard chdir(folder.path) == 0 else { exit(2) }
            try SafetensorsSample.write(Self.old, to: "model.safetensors")
            guard try SafetensorsFile("model.safetensors").copy(of: "old") == [1, 2, 3, 4] else { exit(3) }
        }
    }

    @Test(
        "contradicting entries are refused before anything is written",
        arguments: [
            ([("a", .f32, [2], 4)], .wrongSize), ([("a", .u8, [1], 1), ("a", .u8, [1], 1)], .duplicateKey),
            ([("__metadata__", .u8, [1], 1)], .invalidMetadata), ([("a", .u8, [-1], 0)], .invalidShape),
            ([("a", .u8, [1 << 40, 1 << 40], 0)], .invalidShape),
            ([("a", .u8, Array(repeating: 1, count: 65), 1)], .invalidShape),
        ] as [([(String, SafetensorsDType, [Int], Int)], SafetensorsError.Code)])
    func contradictions(_ tensors: [(String, SafetensorsDType, [Int], Int)], _ code: SafetensorsError.Code) throws {
        let folder = try SafetensorsFolder()
        let error = try #require(throws: SafetensorsError.self) {
            try SafetensorsSample.write(
                tensors.map { ($0.0, $0.1, $0.2, [UInt8](repeating: 0, count: $0.3)) }, to: folder.file("model"))
        }
        #expect(error.code == code)
        #expect(error.tensor == tensors.last?.0)
        #expect(try folder.names.isEmpty)
    }
}
