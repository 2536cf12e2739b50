import Torch
import TorchNN

/// What must be the same about a model on all ranks: names, shapes and types, in order.
struct ModelSignature: Equatable {
    /// A line a tensor.
    private let entries: [String]

    init(_ module: Module) {
        let parameters = module.parameters.map { named in
            "parameter \(named.name) \(named.tensor.dtype) \(named.tensor.shape)"
                + (named.tensor.requiresGrad ? "" : ", not trained")
        }
        let buffers = module.buffers.map { "buffer \($0.name) \($0.tensor.dtype) \($0.tensor.shape)" }
        entries = parameters + buffers
    }

    /// The signature as another rank has sent it.
    init(text: String) { entries = text.split(separator: "\n").map(String.init) }

    var text: String { entries.joined(separator: "\n") }

    /// The first difference in words; nil if there is none.
    func difference(on rank: Int, from other: ModelSignature, on otherRank: Int) -> String? {
        for (own, theirs) in zip(entries, other.entries) where own != theirs {
            return "rank \(rank) has \(own), rank \(otherRank) has \(theirs) in its place"
        }
        guard entries.count != other.entries.count else { return nil }
        let (longer, shorter) =
            entries.count > other.entries.count
            ? ((rank, entries), (otherRank, other.entries.count))
            : ((otherRank, other.entries), (rank, entries.count))
        return "rank \(longer.0) has \(longer.1[shorter.1]), rank \(shorter.0) has nothing in its place "
            + "(\(longer.1.count) and \(shorter.1) tensors)"
    }
}
