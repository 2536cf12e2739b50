import CTorch
import Torch

/// Where the other ranks of a machine connect to this one, to share memory.
final class MemoryPlace: Sendable {
    nonisolated(unsafe) let handle: ct_memory_place

    /// Opens a socket, which stays open as long as this object, and publishes it.
    ///
    /// - Throws: ``DistributedError`` where the store or the system refuses.
    init(store: Store, rank: Int) throws {
        guard let handle = ct_memory_place_new(store.handle, Int32(rank)) else {
            throw DistributedError.last("publishing where rank \(rank) shares memory")
        }
        self.handle = handle
    }

    deinit { ct_memory_place_release(handle) }
}
