import Checkpointing
import Foundation
import OrderedCollections
import Torch
import TorchDistributed
import Tracking

/// A training that goes on from a checkpoint: what was saved of it, until it has been taken over.
final class Resumption {
    /// Where the training was.
    let position: TrainingPosition
    /// The checkpoint's folder.
    let path: String
    /// The names of its parts.
    let names: [String]
    // On the main process alone.
    private var parts: OrderedDictionary<String, StateDictionary>
    private var taken: Set<String> = []
    private let ranks: Ranks
    /// Whether learning rates may follow another schedule than before.
    var allowsOtherSchedules = true
    /// Whether the generators are still to be put where they were.
    private var hasGenerators = true

    static let generators = "generators"

    /// All ranks' view of what the main process has opened; nil where it starts anew.
    ///
    /// - Parameter opened: the main process's checkpoint, nil on other ranks.
    init?(_ opened: CheckpointFolder.Opened?, _ ranks: Ranks) throws {
        let record = opened.map { CheckpointValue.object($0.checkpoint.record).json } ?? ""
        let text = try ranks.ofMain("checkpoint", record)
        guard !text.isEmpty else { return nil }
        path = try ranks.ofMain("checkpoint's folder", opened?.path ?? "")
        guard
            let value = try CheckpointValue(json: Array(text.utf8), file: path).objectValue,
            let position = TrainingPosition(value)
        else {
            throw TrainingError(
                .cannotResume,
                "\(path) is a checkpoint, but no training's: its state.json has no position. Its weights are in "
                    + "model.safetensors; load those.")
        }
        names = try ranks.ofMain("checkpoint's parts", opened?.checkpoint.parts.keys.joined(separator: " ") ?? "")
            .split(separator: " ").map(String.init)
        self.position = position
        self.ranks = ranks
        parts = opened?.checkpoint.parts ?? [:]
    }

    /// Gives everything of the training that has not had its state yet what was saved of it.
    ///
    /// - Throws: `TrainingError` where nothing was saved of it; what its own `load` throws.
    func restore(_ state: TrainingState) throws {
        for (name, value) in state.parts where !taken.contains(name) {
            guard names.contains(name) else {
                throw TrainingError(
                    .cannotResume,
                    "\(path) has no state of `\(name)`; it has \(names.joined(separator: ", ")). Resume with the program "
                        + "that wrote it, or start anew.")
            }
            if !allowsOtherSchedules, let before = position.schedules[name], let now = state.schedules[name],
                before != now
            {
                throw TrainingError(
                    .cannotResume,
                    "the learning rates of `\(name)` follow another schedule than in \(path): \(before) there, \(now) here. Give "
                        + "the same number of epochs or steps, or --force to go on with this one.")
            }
            try value.load(try shared(name))
            taken.insert(name)
        }
    }

    /// Puts the process-wide generator where it was on this rank, the first time.
    ///
    /// Ranks that there were not before go on with what they have drawn so far.
    func restoreGenerators() throws {
        guard hasGenerators else { return }
        hasGenerators = false
        guard names.contains(Self.generators), let states = try shared(Self.generators)["cpu"] else { return }
        taken.insert(Self.generators)
        if ranks.rank < states.size(0) { try Generator.default.load(states[ranks.rank].clone()) }
    }

    /// Where the run goes on, in a line.
    func summary(worldSize: Int) -> String {
        let batch = position.loaders.first?.globalBatch
        let ranks =
            position.worldSize == worldSize
            ? ""
            : "; \(counted(position.worldSize, "rank")) before and \(worldSize) now, "
                + "with the same order and a global batch of \(batch.map { "\($0)" } ?? "the same size")"
        return "\(path): step \(position.step), epoch \(position.epoch)\(ranks)"
    }

    /// The parts that nothing has taken.
    var left: [String] { names.filter { !taken.contains($0) && $0 != Self.generators } }

    /// A part on all ranks, which need not see the folder.
    private func shared(_ name: String) throws -> StateDictionary {
        let own = parts.removeValue(forKey: name)
        guard let group = ranks.group else { return own ?? [:] }
        let header = own?.map { "\($0)\t\($1.dtype.rawValue)\t\($1.shape.map(String.init).joined(separator: ","))" }
        let lines = try ranks.ofMain("state of \(name)", header?.joined(separator: "\n") ?? "")
        var state = StateDictionary()
        for line in lines.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == 3, let dtype = Int8(fields[1]).flatMap(DType.init(rawValue:)) else { continue }
            let shape = fields[2].split(separator: ",").compactMap { Int($0) }
            let tensor = own?[String(fields[0])]?.contiguous() ?? .zeros(shape, dtype: dtype)
            state[String(fields[0])] = try group.broadcast(tensor, from: 0).wait()
        }
        return state
    }
}
