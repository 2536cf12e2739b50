import Files
import OrderedCollections
public import Torch

/// Tensors by name in PyTorch's own files, usually called `.pt` or `.pth`.
///
/// ```swift
/// try PyTorchFile.save(network.stateDictionary(), to: "model.pth")
/// ```
///
/// ```python
/// model.load_state_dict(torch.load("model.pth", weights_only=True))
/// ```
///
/// ```swift
/// try network.load(PyTorchFile.load(from: "model.pth").tensors)
/// ```
public enum PyTorchFile {
    /// Writes tensors to a file as `torch.save(model.state_dict(), path)` does; it has its name only once it is whole
    /// and on disk.
    ///
    /// `torch.load` reads it as an `OrderedDict` in the order of `state`, also with `weights_only=True` and `mmap=True`.
    /// The tensors in it are contiguous, on the CPU and without gradient. A tensor under two names is written once and is
    /// one tensor again after loading, and so are contiguous tensors on the CPU whose memory overlaps. The versions of
    /// module classes that PyTorch attaches to its own dictionaries (`_metadata`) are not written; PyTorch's modules load
    /// without them. The same state gives the same bytes.
    ///
    /// - Parameters:
    ///   - state: The tensors, of any layout and on any device.
    ///   - path: Where to write; the folder has to exist. A symbolic link of that name is replaced, not followed.
    /// - Throws: ``PyTorchFileError`` when the file cannot be written; a file that was there before is untouched then.
    public static func save(_ state: StateDictionary, to path: String) throws {
        let storages = PyTorchStorages(Array(state.values))
        try withExtendedLifetime(state) {
            try withFileErrors(as: PyTorchFileError.init(_:)) {
                try AtomicFile.write(to: path) { try write(state, in: storages, to: &$0) }
            }
        }
    }

    /// The files of the archive in the order in which PyTorch writes them, which its reader counts on.
    private static func write(
        _ state: StateDictionary, in storages: PyTorchStorages, to output: inout FileOutput
    ) throws {
        var archive = ZipArchive()
        try archive.append("data.pkl", PyTorchPickle.bytes(of: state, in: storages), to: &output)
        try archive.append(".format_version", Array("1".utf8), to: &output)
        try archive.append(".storage_alignment", Array("\(ZipRecord.alignment)".utf8), to: &output)
        try archive.append("byteorder", Array("little".utf8), to: &output)
        for (number, storage) in storages.storages.enumerated() {
            try storages.withBytes(of: storage) { try archive.append("data/\(number)", $0, to: &output) }
        }
        try archive.append("version", Array("3\n".utf8), to: &output)
        try archive.append(".data/serialization_id", Array(archive.serializationID.utf8), to: &output)
        try archive.finish(to: &output)
    }
}
