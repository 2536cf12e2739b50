import CTorch
import Foundation
import Synchronization

/// Which parameters got a gradient on which rank, for the message when some got none.
///
/// The rank that finds out asks the others, which may be waiting for it inside their backward pass; their watchdogs
/// answer.
final class UsageReport: Sendable {
    // The reducer's flags may be read from any thread.
    private struct State: @unchecked Sendable {
        var reducer: ct_reducer?
        var step = 0
        var number = 0
    }

    private let names: [String]
    private let group: ProcessGroupReference
    private let state: Mutex<State>

    init(reducer: ct_reducer, names: [String], group: ProcessGroup) {
        self.names = names
        self.group = ProcessGroupReference(group)
        state = Mutex(State(reducer: reducer))
    }

    /// Answers when other ranks ask, from now on.
    func register() {
        guard let number = group.group?.add(self) else { return }
        state.withLock { $0.number = number }
    }

    /// Which forward pass it is about, counted from 1.
    var step: Int {
        get { state.withLock { $0.step } }
        set { state.withLock { $0.step = newValue } }
    }

    /// Tells nothing any more.
    func retire() {
        let number = state.withLock { state in
            state.reducer = nil
            return state.number
        }
        group.group?.removeUsageReport(number)
    }

    /// Tells the other ranks which parameters got a gradient here.
    func publish() {
        guard let group = group.group else { return }
        let (step, used) = usage
        // The rank that asked waits for a limited time; without an answer it says that it does not know.
        try? group.store.set(key(step, group.rank), used.map { $0 ? "1" : "0" }.joined())
    }

    /// The error that names the parameters without a gradient, here and on the other ranks.
    func explain() throws -> DistributedError {
        guard let group = group.group else { return DistributedError(.aborted, "the group is gone") }
        let (step, own) = usage
        publish()
        group.recorder.ask()
        var known = [Int: [Bool]]()
        known[group.rank] = own
        let deadline = ContinuousClock.now.advanced(by: .seconds(5))
        for peer in group.recorder.peers {
            do {
                try group.wait(for: key(step, peer), until: deadline) { "" }
                known[peer] = try group.store.text(key(step, peer)).map { $0 == "1" }
            } catch let error as DistributedError {
                guard error.code == .timedOut else { throw error }
            }
        }
        let answered = known
        let unused = names.indices.filter { index in answered.values.contains { index < $0.count && !$0[index] } }
        let lines = unused.prefix(8).map { index in
            func ranks(_ used: Bool) -> String {
                let list = answered.filter { index < $0.value.count && $0.value[index] == used }.map(\.key).sorted()
                return list.isEmpty ? "none" : list.map(String.init).joined(separator: ", ")
            }
            return "  \(names[index]) got no gradient on ranks: \(ranks(false)); used on ranks: \(ranks(true))"
        }
        let more = unused.count > 8 ? ["  and \(unused.count - 8) more"] : []
        let silent = (0..<group.worldSize).filter { answered[$0] == nil }
        let unknown = silent.isEmpty ? [] : ["  \(ranksInWords(silent)) did not say"]
        return DistributedError(
            .unusedParameters,
            ([
                "\(unused.count) of \(names.count) parameters got no gradient in this backward pass, so gradients cannot be averaged:"
            ]
                + lines + more + unknown + [
                    "  Take them out of the model or let the loss depend on them; or set findUnusedParameters, which counts "
                        + "such gradients as zero and searches the graph in every step."
                ]).joined(separator: "\n"))
    }

    private var usage: (step: Int, used: [Bool]) {
        state.withLock { state in
            var bytes = [UInt8](repeating: 0, count: names.count)
            if let reducer = state.reducer { ct_reducer_used(reducer, &bytes) }
            return (state.step, bytes.map { $0 != 0 })
        }
    }

    private func key(_ step: Int, _ rank: Int) -> String {
        "lockstep/used/\(state.withLock { $0.number })/\(step)/\(rank)"
    }
}

/// A group that may be gone.
final class ProcessGroupReference: Sendable {
    private struct Reference { weak var group: ProcessGroup? }
    private let reference: Mutex<Reference>

    init(_ group: ProcessGroup) {
        reference = Mutex(Reference(group: group))
    }

    var group: ProcessGroup? { reference.withLock { $0.group } }
}
