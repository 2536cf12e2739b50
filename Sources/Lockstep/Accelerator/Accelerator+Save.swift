import Checkpointing
public import TorchNN

extension Accelerator {
    /// Saves a model's weights, for `torch.load` if the name ends in `.pth` or `.pt`, as safetensors otherwise.
    ///
    /// All ranks call it. The main process writes, and the others wait until it has, however long that takes.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - path: relative to the run folder, or absolute.
    /// - Returns: the file's path.
    /// - Throws: `SafetensorsError` or `PyTorchFileError`; a file of that name that was there before is untouched then.
    @discardableResult
    public func save(_ model: Module, to path: String) throws -> String {
        let file = path.hasPrefix("/") ? path : runFolder.path(of: path)
        note("saving \(path)")
        defer { note("after saving \(path)") }
        try synchronizeBuffers()
        _ = try ranks.onMain("save") {
            if file.hasSuffix(".pth") || file.hasSuffix(".pt") {
                try PyTorchFile.save(model.stateDictionary(), to: file)
            } else {
                try Safetensors.save(model.stateDictionary(), to: file, metadata: ["format": "pt", "step": "\(step)"])
            }
        }
        return file
    }

    /// Gives all ranks rank 0's buffers of the prepared models, such as running statistics.
    ///
    /// Evaluation, saving and the end of training do it by themselves.
    public func synchronizeBuffers() throws {
        for synchronizer in loop.synchronizers { try synchronizer.synchronizeBuffers() }
    }
}
