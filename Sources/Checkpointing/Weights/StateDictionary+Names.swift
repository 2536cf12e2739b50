public import OrderedCollections
public import Torch

extension StateDictionary {
    /// The prefix that PyTorch's `DistributedDataParallel` puts in front of all names of the module in it.
    private static var distributedPrefix: String { "module." }

    /// Whether all names begin with the `module.` of PyTorch's `DistributedDataParallel`.
    public var hasDistributedPrefix: Bool {
        !isEmpty && keys.allSatisfy { $0.hasPrefix(Self.distributedPrefix) }
    }

    /// The tensors without the `module.` in front of their names, where all of them have it; the same ones otherwise.
    public func removingDistributedPrefix() -> StateDictionary {
        hasDistributedPrefix ? under(String(Self.distributedPrefix.dropLast())) : self
    }

    /// The tensors whose names begin with a name and a dot, without these.
    func under(_ name: String) -> StateDictionary {
        var part = StateDictionary()
        for (key, tensor) in self where key.hasPrefix("\(name).") {
            part[String(key.dropFirst(name.count + 1))] = tensor
        }
        return part
    }
}
