import Files
import Glibc
import OrderedCollections

/// Reads the checkpoint in one folder.
struct CheckpointReading {
    private static let longestState = 1 << 28

    private let folder: String

    init(_ folder: String) { self.folder = folder }

    /// The manifest, checked.
    ///
    /// - Throws: ``CheckpointError``.
    func manifest() throws -> CheckpointManifest {
        let path = "\(folder)/\(CheckpointNames.manifest)"
        do {
            return try CheckpointManifest(
                CheckpointFile(path).contents(atMost: CheckpointManifest.longest), file: path)
        } catch let error as CheckpointError where error.code == .missingFile {
            var status = stat()
            let isFolder = stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            throw CheckpointError(
                isFolder ? .missingFile : .notFound,
                isFolder
                    ? "\(folder) has no \(CheckpointNames.manifest): it is no checkpoint, or its copy did not finish."
                    : "There is no checkpoint \(folder). Check the spelling; the folder has a "
                        + "\(CheckpointNames.manifest) in it.", file: isFolder ? path : folder, cause: error.cause)
        }
    }

    /// Reads and verifies everything.
    ///
    /// - Throws: ``CheckpointError``.
    func checkpoint() throws -> Checkpoint {
        let manifest = try manifest()
        try verify(manifest)
        var checkpoint = Checkpoint(step: manifest.step, metrics: manifest.metrics)
        for file in manifest.files {
            let path = "\(folder)/\(file.name)"
            if let part = file.part {
                do {
                    checkpoint.parts[part] = try Safetensors.load(from: path).tensors
                } catch let error as SafetensorsError {
                    throw CheckpointError(.damaged, error.message, file: path, tensor: error.tensor, cause: error)
                }
            } else if file.name == CheckpointNames.state {
                let text = try CheckpointFile(path).contents(atMost: Self.longestState)
                guard let record = try CheckpointValue(json: text, file: path).objectValue else {
                    throw CheckpointError(.damaged, "\(path) holds no JSON object.", file: path)
                }
                checkpoint.record = record
            }
        }
        return checkpoint
    }

    /// Compares every file with the manifest.
    ///
    /// - Throws: ``CheckpointError`` for the first that is not as it was written.
    func verify(_ manifest: CheckpointManifest) throws {
        for file in manifest.files { try CheckpointFile("\(folder)/\(file.name)").verify(file) }
    }
}
