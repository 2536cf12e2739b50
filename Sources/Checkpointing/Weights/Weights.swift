import Files
import OrderedCollections
public import Torch

/// Weights from files of any kind that is read: safetensors, and what `torch.save` writes.
///
/// ```swift
/// try network.load(Weights.load(from: "resnet18.pth").tensors)
/// ```
public enum Weights {
    /// What a file holds.
    public struct Contents {
        /// The tensors, in the order of the file.
        public let tensors: StateDictionary
        /// What was changed in the names, to tell the user.
        public let notices: [String]
    }

    /// Reads the tensors of a file, whose kind is found out from its first bytes and not from its name.
    ///
    /// Where all names begin with the `module.` of PyTorch's `DistributedDataParallel`, it is taken off, and a notice
    /// says so.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - part: the dictionary in the file that holds the weights, such as `model` or `state_dict`, where they are not
    ///     all that it holds; dots go deeper.
    ///   - keepsPrefix: whether a `module.` in front of all names stays, for a model that has it too.
    /// - Throws: ``SafetensorsError`` or ``PyTorchFileError`` when the file cannot be read, is not whole and valid, or
    ///   has nothing under that name.
    public static func load(
        from path: String, under part: String? = nil, keepingModulePrefix keepsPrefix: Bool = false
    ) throws -> Contents {
        var tensors = try read(path)
        if let part {
            let found = tensors.under(part)
            guard !found.isEmpty else {
                throw PyTorchFileError(
                    .noSuchEntry,
                    "\(path) has no tensors under \(part.quotedForMessage); its \(tensors.count) tensors are under "
                        + "\(Self.firstNames(of: tensors)). Name one of these, or none to take all.")
            }
            tensors = found
        }
        guard !keepsPrefix, tensors.hasDistributedPrefix else { return Contents(tensors: tensors, notices: []) }
        let notice = "\(path): took `module.` off all \(tensors.count) names; PyTorch's DDP had put it there"
        return Contents(tensors: tensors.removingDistributedPrefix(), notices: [notice])
    }

    private static func read(_ path: String) throws -> StateDictionary {
        let first = try withFileErrors(as: PyTorchFileError.init(_:)) {
            let file = try MappedFile(path)
            return try file.copy(min(file.size, 16), at: 0)
        }
        let isPyTorch = first.starts(with: FileStart.zip) || FileStart.isPickle(first)
        guard isPyTorch, !FileStart.isSafetensors(first) else { return try Safetensors.load(from: path).tensors }
        return try PyTorchFile.load(from: path).tensors
    }

    /// The first parts of the names, a few of them.
    private static func firstNames(of tensors: StateDictionary) -> String {
        let names = OrderedSet(tensors.keys.map { String($0.prefix { $0 != "." }) })
        let shown = names.prefix(8).map(\.quotedForMessage).joined(separator: ", ")
        return names.isEmpty ? "no name" : names.count > 8 ? "\(shown), ..." : shown
    }
}
