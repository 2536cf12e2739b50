import CTorch
import Foundation
import Synchronization
import Torch

/// The thread on which Gloo connects the ranks of a group.
final class JoiningThread: Sendable {
    // A group's handle may be used from any thread.
    enum Outcome: @unchecked Sendable {
        /// The group, which belongs to whoever asks first.
        case connected(ct_group)
        /// What Gloo or c10d said.
        case failed(String)
    }

    private struct State {
        var outcome: Outcome?
        var isGivenUp = false
    }

    private let state = Mutex(State())
    private let done = DispatchSemaphore(value: 0)
    private nonisolated(unsafe) let joining: ct_joining
    private let worldSize: Int

    /// Starts the thread.
    ///
    /// - Parameter limit: how long each connection may take when all ranks have come.
    init(_ group: GroupJoining, limit: Duration, _ link: ObserverLink) throws {
        guard let joining = ct_joining_new(Int32(group.rank), Int32(group.worldSize)) else {
            throw DistributedError.last("connecting \(group.worldSize) ranks")
        }
        self.joining = joining
        worldSize = group.worldSize
        let thread = Thread { [self] in
            let made = group.connected(self.joining, limit, link)
            finish(made.map(Outcome.connected) ?? .failed(TorchError.last("connecting").message))
        }
        thread.name = "lockstep-join"
        thread.start()
    }

    deinit { ct_joining_release(joining) }

    /// The ranks that have not come yet.
    var missing: [Int] {
        var ranks = [Int32](repeating: 0, count: worldSize)
        let count = ct_joining_missing(joining, &ranks)
        return ranks[..<Int(count)].map { Int($0) }.sorted()
    }

    /// What came of it, if that is known within `limit`; once.
    func outcome(within limit: Duration) -> Outcome? {
        guard done.wait(timeout: .now() + .milliseconds(Int(limit.milliseconds))) == .success else { return nil }
        return state.withLock { state in
            defer { state.outcome = nil }
            return state.outcome
        }
    }

    /// Leaves the thread alone: what it still connects is released.
    func giveUp() {
        ct_joining_cancel(joining, "joining was given up")
        let outcome = state.withLock { state in
            state.isGivenUp = true
            defer { state.outcome = nil }
            return state.outcome
        }
        if case .connected(let group) = outcome { ct_group_release(group) }
    }

    private func finish(_ outcome: Outcome) {
        let isWanted = state.withLock { state in
            if !state.isGivenUp { state.outcome = outcome }
            return !state.isGivenUp
        }
        if isWanted { done.signal() } else if case .connected(let group) = outcome { ct_group_release(group) }
    }
}

extension GroupJoining {
    /// Waits for the ranks and connects them; nil where that fails, with LibTorch's last error.
    fileprivate func connected(_ joining: ct_joining, _ limit: Duration, _ link: ObserverLink) -> ct_group? {
        let (rank, worldSize) = (Int32(rank), Int32(worldSize))
        guard let machines, let place else {
            return ct_group_gloo(
                store.handle, rank, worldSize, device.handle, joining, limit.milliseconds, link.observer())
        }
        return ct_group_hierarchical(
            store.handle, rank, worldSize, machines.map(Int32.init), place.handle, device.handle, joining,
            limit.milliseconds, link.observer())
    }
}
