import Files
import Glibc

/// The checkpoints of one run: a folder with a folder for each step.
///
/// ```
/// step-000000120/model.safetensors, optimizer.safetensors, …, state.json, manifest.json
/// step-000000240/…
/// latest -> step-000000240
/// ```
/// A checkpoint has its name only when all of it is on the disk and was read back. The link `latest` is for people;
/// ``latest()`` does not need it.
///
/// ```swift
/// let folder = CheckpointFolder(at: "runs/a/checkpoints")
/// let snapshot = CheckpointFolder.snapshot(checkpoint)   // training may go on
/// try folder.write(snapshot, keep: .last(3))
/// if let newest = try folder.latest() { try network.load(newest.checkpoint.parts["model"] ?? [:]) }
/// ```
public struct CheckpointFolder: Sendable {
    /// A whole checkpoint on the disk.
    public struct Entry: Sendable, Hashable {
        /// The number of training steps that were done.
        public let step: Int
        /// The checkpoint's folder.
        public let path: String
        /// What was measured at this step.
        public let metrics: [String: Double]
    }

    /// A checkpoint that was opened.
    public struct Opened {
        /// What it holds.
        public let checkpoint: Checkpoint
        /// Its folder.
        public let path: String
        /// One line for each newer checkpoint that is damaged, with the file and the tensor.
        public let notices: [String]

        /// What was opened.
        package init(checkpoint: Checkpoint, path: String, notices: [String] = []) {
            self.checkpoint = checkpoint
            self.path = path
            self.notices = notices
        }
    }

    /// Where the checkpoints are.
    public let path: String

    /// The checkpoints of a folder, which need not exist yet.
    public init(at path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// Copies all tensors to memory, so that training may go on while they are written.
    ///
    /// - Parameters:
    ///   - checkpoint: What is copied, from whatever device and layout.
    ///   - memory: Memory to use again from save to save; nil for new memory.
    public static func snapshot(_ checkpoint: Checkpoint, in memory: SnapshotMemory? = nil) -> CheckpointSnapshot {
        CheckpointSnapshot(checkpoint, in: memory)
    }

    /// The whole checkpoints, by step.
    ///
    /// Those whose manifest is there and undamaged count; their files are not read.
    ///
    /// - Throws: ``CheckpointError`` where the folder is there and cannot be listed.
    public func entries() throws -> [Entry] {
        try candidates().compactMap { candidate in
            guard let manifest = try? CheckpointReading(candidate.path).manifest() else { return nil }
            return Entry(step: candidate.step, path: candidate.path, metrics: manifest.metrics)
        }
    }

    /// Opens the newest checkpoint that is whole.
    ///
    /// - Returns: The checkpoint with notices of newer ones that are damaged; nil where there is none at all.
    /// - Throws: ``CheckpointError`` with `noneWhole` where there are some and all are damaged; with `unknownVersion`
    ///   where one that another version of this library wrote is newer than the whole ones.
    public func latest() throws -> Opened? {
        var notices: [String] = []
        for candidate in try candidates().reversed() {
            do {
                let checkpoint = try Self.open(candidate.path)
                return Opened(checkpoint: checkpoint, path: candidate.path, notices: notices)
            } catch let error as CheckpointError where error.code != .unknownVersion {
                notices.append("The checkpoint of step \(candidate.step) is passed over: \(error.message)")
            }
        }
        guard !notices.isEmpty else { return nil }
        throw CheckpointError(
            .noneWhole,
            "\(path) has no checkpoint that is whole. Start anew in another run folder, or name a checkpoint that you "
                + "have elsewhere.\n" + notices.joined(separator: "\n"), file: path)
    }

    /// Opens a checkpoint and verifies every byte of it.
    ///
    /// - Throws: ``CheckpointError``, which names the file and, where its bytes are concerned, the tensor.
    public static func open(_ path: String) throws -> Checkpoint {
        try CheckpointReading(path).checkpoint()
    }

    /// Folders that look like checkpoints, by step.
    func candidates() throws -> [(step: Int, path: String)] {
        let names = try FolderListing.names(in: path) ?? []
        var folders: [Int: String] = [:]
        for name in names {
            // One that was making room for another when its process ended is still the checkpoint of its step.
            if let temporary = CheckpointNames.temporary(name), temporary.kind == .replaced {
                folders[temporary.step] = name
            }
        }
        for name in names {
            if let step = CheckpointNames.step(ofFolder: name) { folders[step] = name }
        }
        return folders.sorted { $0.key < $1.key }.map { ($0.key, "\(path)/\($0.value)") }
    }
}
