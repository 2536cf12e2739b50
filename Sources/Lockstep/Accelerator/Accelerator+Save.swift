import Checkpointing
import Logging
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
        // What a dry run saves takes nobody's place.
        let name =
            rehearsal != nil && path.hasPrefix("/") ? path.split(separator: "/").last.map(String.init) ?? path : path
        let file = name.hasPrefix("/") ? name : runFolder.path(of: name)
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

    /// Loads weights that PyTorch or ``save(_:to:)`` saved into a model, be the file safetensors or `torch.save`'s.
    ///
    /// All ranks call it, and each reads the file. A `module.` that PyTorch's DDP put in front of all names is taken
    /// off, unless the model's own names begin with it; the main process says so.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - path: the file, as any path of the system.
    ///   - part: the dictionary in the file that holds the weights, such as `model`; nil where the file has them alone.
    /// - Throws: `SafetensorsError`, `PyTorchFileError`, or `StateDictionaryError` where the weights are another
    ///   model's; the model is as it was then.
    public func load(_ model: Module, from path: String, under part: String? = nil) throws {
        note("loading \(path)")
        let weights = try Weights.load(
            from: path, under: part, keepingModulePrefix: model.stateDictionary().hasDistributedPrefix)
        if isMainProcess { for notice in weights.notices { logger.notice("\(notice)") } }
        try model.load(weights.tensors)
    }

    /// Gives all ranks rank 0's buffers of the prepared models, such as running statistics.
    ///
    /// Evaluation, saving and the end of training do it by themselves.
    public func synchronizeBuffers() throws {
        for synchronizer in loop.synchronizers { try synchronizer.synchronizeBuffers() }
    }
}
