import Foundation
import LockstepTesting
import Testing

@testable import Checkpointing

@Suite("A checkpoint that is damaged is refused by name")
struct CheckpointDamageTests {
    private let folder: TemporaryFolder
    private let checkpoints: CheckpointFolder
    private let older = CheckpointSample.checkpoint(step: 1, seed: 1)
    private let newer = CheckpointSample.checkpoint(step: 2, seed: 2)

    init() throws {
        folder = try TemporaryFolder()
        checkpoints = CheckpointFolder(at: folder.path)
        for checkpoint in [older, newer] { try checkpoints.write(CheckpointFolder.snapshot(checkpoint)) }
    }

    private var damaged: String { folder.path("step-000000002") }

    /// Opens the damaged one, which has to fail, and the newest, which has to be the older one.
    private func refusal(_ what: String) throws -> CheckpointError? {
        let error = #expect(throws: CheckpointError.self, "\(what)") { try CheckpointFolder.open(damaged) }
        let opened = try #require(try checkpoints.latest(), "\(what)")
        #expect(CheckpointSample.isSame(opened.checkpoint, older), "\(what)")
        #expect(opened.path == folder.path("step-000000001"))
        let notice = try #require(opened.notices.first, "\(what)")
        #expect(opened.notices.count == 1 && notice.contains("step 2"), "\(notice)")
        if let error {
            #expect(notice.contains(error.message))
            if let tensor = error.tensor { #expect(error.message.contains("\"\(tensor)\"")) }
        }
        return error
    }

    private static let files = ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"]

    /// The tensors of a file, with their bytes' places.
    private func tensors(_ file: String) throws -> [SafetensorsEntry] {
        file.hasSuffix(".safetensors") ? try SafetensorsFile("\(damaged)/\(file)").entries : []
    }

    @Test("a flipped bit at every hundredth of a file names the file and the tensor", arguments: files)
    func flipped(_ file: String) throws {
        let path = "\(damaged)/\(file)"
        let (bytes, tensors) = (try CheckpointSample.bytes(of: path), try tensors(file))
        for position in Set((0..<100).map { $0 * bytes.count / 100 } + [bytes.count - 1]) {
            var changed = bytes
            changed[position] ^= 1 << UInt8.random(in: 0..<8)
            try CheckpointSample.replace(path, changed)
            let what = "\(file) at \(position): \(changed[position])"
            let error = try refusal(what)
            #expect(error?.code == .damaged, "\(what)")
            #expect(error?.file == path && error?.message.contains(path) == true, "\(what)")
            #expect(error?.tensor == tensors.first { $0.byteRange.contains(position) }?.name, "\(what)")
        }
        try CheckpointSample.replace(path, bytes)
        #expect(CheckpointSample.isSame(try #require(try checkpoints.latest()).checkpoint, newer), "and repaired")
    }

    @Test("a file cut off at every hundredth names the file and the tensor", arguments: files)
    func truncated(_ file: String) throws {
        let path = "\(damaged)/\(file)"
        let (bytes, tensors) = (try CheckpointSample.bytes(of: path), try tensors(file))
        let byPlace = tensors.sorted { $0.byteRange.lowerBound < $1.byteRange.lowerBound }
        for size in Set((0..<100).map { $0 * bytes.count / 100 } + [bytes.count - 1]) {
            try CheckpointSample.replace(path, Array(bytes[..<size]))
            let error = try refusal("\(file) with \(size) bytes")
            #expect(error?.code == (file == "manifest.json" ? .damaged : .wrongSize))
            #expect(error?.file == path && error?.message.contains(path) == true)
            #expect(error?.tensor == byPlace.first { $0.byteRange.upperBound > size }?.name)
        }
    }

    @Test("a longer file, a missing one, a link and a pipe in its place name the file", arguments: files)
    func replacedFile(_ file: String) throws {
        let path = "\(damaged)/\(file)"
        let bytes = try CheckpointSample.bytes(of: path)
        try CheckpointSample.replace(path, bytes + [0])
        #expect(try refusal("longer")?.code == (file == "manifest.json" ? .damaged : .wrongSize))
        let changes: [(String, () -> Int32)] = [
            ("missing", { 0 }), ("link", { symlink("../step-000000001/\(file)", path) }),
            ("pipe", { mkfifo(path, 0o600) }), ("folder", { mkdir(path, 0o700) }),
        ]
        for (what, change) in changes {
            try FileManager.default.removeItem(atPath: path)
            try #require(change() == 0)
            let error = try refusal(what)
            #expect(error?.code == .missingFile, "\(what)")
            #expect(error?.message.contains(path) == true || file == "manifest.json", "\(what)")
            if what == "missing" { try CheckpointSample.replace(path, bytes) }
        }
    }

    @Test("several damaged tensors are counted, and damage outside of them is said to be there")
    func several() throws {
        let path = "\(damaged)/model.safetensors"
        var bytes = try CheckpointSample.bytes(of: path)
        for tensor in try tensors("model.safetensors") { bytes[tensor.byteRange.lowerBound] ^= 1 }
        try CheckpointSample.replace(path, bytes)
        #expect(try refusal("all")?.message.contains("and 2 more") == true)
    }

    @Test("where no checkpoint is whole, the error says so of each")
    func noneWhole() throws {
        for step in 1...2 { try FileManager.default.removeItem(atPath: folder.path("step-00000000\(step)/state.json")) }
        let error = try #require(throws: CheckpointError.self) { try checkpoints.latest() }
        #expect(error.code == .noneWhole)
        #expect(error.message.contains("step-000000001/state.json"))
        #expect(error.message.contains("step-000000002/state.json"))
        #expect(try checkpoints.entries().map(\.step) == [1, 2], "entries look at manifests alone")
    }

    @Test("a folder that is no checkpoint, or is not there, is named", arguments: ["missing", "empty", "file"])
    func noCheckpoint(_ name: String) throws {
        try #require(mkdir(folder.path("empty"), 0o700) == 0)
        try CheckpointSample.replace(folder.path("file"), [1])
        let error = try #require(throws: CheckpointError.self) { try CheckpointFolder.open(folder.path(name)) }
        #expect(error.code == (name == "missing" ? .notFound : name == "empty" ? .missingFile : .unreadable))
        #expect(error.message.contains(folder.path(name)))
    }

    @Test("files that the manifest does not list do not matter")
    func extraFiles() throws {
        try CheckpointSample.replace("\(damaged)/notes.txt", [1])
        try #require(mkdir("\(damaged)/more", 0o700) == 0)
        #expect(CheckpointSample.isSame(try CheckpointFolder.open(damaged), newer))
        try checkpoints.write(CheckpointFolder.snapshot(CheckpointSample.checkpoint(step: 3)), keep: .last(1))
        #expect(try names(in: folder.path) == ["latest", "step-000000003"], "they go with it")
    }

    // MARK: Manifests that are forged or of another version

    /// Writes a manifest with a checksum of its own that is right.
    private func forge(_ change: (String) -> String) throws {
        let path = "\(damaged)/manifest.json"
        let text = String(decoding: try CheckpointSample.bytes(of: path), as: UTF8.self)
        let end = try #require(text.range(of: ",\n  \"sha256\"", options: .backwards))
        let body = change(String(text[..<end.lowerBound]))
        try CheckpointSample.replace(path, Array((body + CheckpointManifest.ending(Array(body.utf8))).utf8))
    }

    @Test("a version that is not known is said, and no older checkpoint is taken in its place")
    func version() throws {
        try forge { $0.replacingOccurrences(of: "\"version\": 1", with: "\"version\": 2") }
        let opened = try #require(throws: CheckpointError.self) { try CheckpointFolder.open(damaged) }
        let latest = try #require(throws: CheckpointError.self) { try checkpoints.latest() }
        for error in [opened, latest] {
            #expect(error.code == .unknownVersion)
            #expect(error.message.contains("version 2") && error.message.contains("version 1"), "\(error)")
        }
    }

    @Test(
        "names that lead out of the folder are refused",
        arguments: ["../step-000000001/state.json", "/etc/passwd", ".hidden", "", "manifest.json", "model.safetensors"])
    func outside(_ name: String) throws {
        try forge { $0.replacingOccurrences(of: "\"state.json\"", with: "\"\(name)\"") }
        let error = try refusal(name)
        #expect(error?.code == .invalidName)
        #expect(error?.message.contains("\"\(name)\"") == true)
    }

    @Test(
        "a manifest that lacks something or has it in another form is refused",
        arguments: [
            ("\"step\": 2", "\"step\": -2"), ("\"step\": 2", "\"step\": \"2\""), ("\"files\"", "\"file\""),
            ("\"size\"", "\"length\""), ("\"metrics\": {}", "\"metrics\": []"), ("[\"0.momentum\", ", "["),
            ("\"0.momentum\", ", "\"0.momentum\", -"), ("\"version\": 1", "\"version\": 1,"),
        ])
    func incomplete(_ old: String, _ new: String) throws {
        try forge { text in
            #expect(text.contains(old))
            return text.replacingOccurrences(of: old, with: new)
        }
        #expect(try refusal(new)?.code == .damaged)
    }
}
