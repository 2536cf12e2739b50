import CTorch
import Torch

/// The coming together of ranks that share memory, all of which have told that they are on this machine.
struct MemoryJoining {
    let store: Store
    let rank: Int
    let worldSize: Int
    let place: MemoryPlace?
    let timeout: Duration

    /// Connects the ranks.
    ///
    /// - Returns: the group, which the caller releases.
    /// - Throws: ``DistributedError``.
    func connect(_ link: ObserverLink) throws -> ct_group {
        let place = try place ?? MemoryPlace(store: store, rank: rank)
        let made = ct_group_shm(
            store.handle, Int32(rank), Int32(worldSize), place.handle, timeout.milliseconds, link.observer())
        guard let made else {
            let words = TorchError.last("connecting \(worldSize) ranks").message
            let error = DistributedError("connecting \(worldSize) ranks", saying: words)
            throw JoiningFailure(store: store, worldSize: worldSize, readerKey: BackendAgreement.key).tell(
                DistributedError(
                    error.code,
                    "\(error.message)\n  The ranks of this machine share memory; where the system refuses that, --backend "
                        + "gloo does without."))
        }
        return made
    }
}
