import OrderedCollections
import Torch
import TorchNN

extension GradientSynchronizer {
    /// Throws unless parameters and buffers are the same on all ranks, bit for bit.
    ///
    /// Ranks exchange a checksum of each tensor through the store.
    ///
    /// - Throws: ``DistributedError`` with `modelsDiffer` that names the first tensor that differs and its ranks.
    package func requireEqualState() throws { try requireEqual(module.stateDictionary()) }

    /// The same of the parameters alone: buffers may differ between steps.
    package func requireEqualParameters() throws {
        var state = StateDictionary()
        for parameter in module.parameters { state[parameter.name] = parameter.tensor }
        try requireEqual(state)
    }

    private func requireEqual(_ state: StateDictionary) throws {
        let digests = state.map { String($0.value.digest, radix: 16) }
        let known = try group.exchange("state", digests.joined(separator: " ")).enumerated().compactMap { rank, text in
            text.map { (rank, digests: $0.split(separator: " ").map(String.init)) }
        }
        let differing = digests.indices.filter { place in
            known.contains { $0.digests.count != digests.count || $0.digests[place] != digests[place] }
        }
        guard let first = differing.first else { return }
        let sides = Dictionary(grouping: known) { $0.digests.count > first ? $0.digests[first] : "" }
            .map { $0.value.map(\.0) }.sorted { $0[0] < $1[0] }.map { "one on \(ranksInWords($0))" }
        throw DistributedError(
            .modelsDiffer,
            "\(state.keys[first]) has different values: \(sides.joined(separator: ", ")); \(differing.count) of "
                + "\(state.count) tensors differ. Change parameters only through the optimizer, alike on all ranks, and "
                + "buffers only in the forward pass.")
    }
}
