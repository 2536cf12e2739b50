import Checkpointing
public import TorchNN

extension Accelerator {
    /// Saves a model's weights as safetensors, on the main process.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - path: relative to the run folder, or absolute.
    /// - Returns: the file's path.
    /// - Throws: `SafetensorsError`; a file of that name that was there before is untouched then.
    @discardableResult
    public func save(_ model: Module, to path: String) throws -> String {
        let file = path.hasPrefix("/") ? path : runFolder.path(of: path)
        guard isMainProcess else { return file }
        try Safetensors.save(model.stateDictionary(), to: file, metadata: ["format": "pt", "step": "\(step)"])
        return file
    }
}
