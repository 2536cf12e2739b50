import Files
public import OrderedCollections
public import Torch

extension PyTorchFile {
    /// What a file holds.
    public struct Contents {
        /// The tensors in the order of the file, without gradient and on the CPU, each in memory of its own.
        ///
        /// The names in nested dictionaries and lists are joined by dots: `optimizer.state.0.exp_avg`. A tensor that
        /// stands alone in a file has the empty name. What was one tensor under two names still is.
        public let tensors: StateDictionary
        /// The numbers, texts and other plain values beside the tensors, named in the same way.
        public let values: OrderedDictionary<String, Value>

        /// The tensors of one of the file's dictionaries, by their names in it; empty where there is none.
        ///
        /// ```swift
        /// let checkpoint = try PyTorchFile.load(from: "checkpoint.pt")
        /// try network.load(checkpoint.tensors(under: "model"))
        /// ```
        public func tensors(under name: String) -> StateDictionary { tensors.under(name) }
    }

    /// A plain value beside tensors.
    public enum Value: Sendable, Hashable {
        /// Python's `None`.
        case none
        /// A truth value.
        case bool(Bool)
        /// A whole number.
        case integer(Int)
        /// A floating-point number.
        case real(Double)
        /// A string; also the name of a type, such as `torch.float16`, and of a device.
        case text(String)
        /// Bytes.
        case bytes([UInt8])
    }

    /// Reads all tensors of a file that `torch.save` wrote.
    ///
    /// The file may hold a tensor, a state, or any dictionaries, lists and tuples of tensors and plain values in each
    /// other. Nothing in it is run: what is neither of these, such as a whole module, is refused by name. All is checked
    /// before memory is taken for it, which is at most twice the file's size for tensors, and checksums are compared.
    /// Attributes of dictionaries, such as the `_metadata` of a state, are passed over.
    ///
    /// Files in the format before PyTorch 1.6 and TorchScript archives are refused; the message says how to convert
    /// them.
    ///
    /// - Throws: ``PyTorchFileError`` when the file cannot be read, is not whole and valid, or holds something else.
    public static func load(from path: String) throws -> Contents {
        try withFileErrors(as: PyTorchFileError.init(_:)) {
            let file = try MappedFile(path)
            return try withExtendedLifetime(file) { try contents(of: file.checkedBytes(), file: path) }
        }
    }

    /// What the bytes of a file hold.
    static func contents(of bytes: UnsafeRawBufferPointer, file: String) throws -> Contents {
        var archive = try PyTorchArchive(bytes, file: file)
        let pickle = try Array(archive.data(of: "data.pkl"))
        let sizes = archive
        var reader = PickleReader(pickle, file: file) { sizes.size(of: $0) }
        let root = try reader.read()
        let flattening = try PyTorchFlattening(root, of: reader, in: archive)
        return Contents(tensors: flattening.tensors, values: flattening.values)
    }
}
