import Files
import Glibc

extension CheckpointFolder {
    /// Throws where the disk has less room than so many checkpoints will need.
    ///
    /// Two are needed to replace an old one by a new one. Quotas are not looked at: they show when something is written.
    ///
    /// - Parameters:
    ///   - byteCount: The bytes of one checkpoint (``Checkpoint/byteCount``).
    ///   - count: How many checkpoints have to fit.
    /// - Throws: ``CheckpointError`` with `insufficientSpace`, or `unreadable` where the disk does not say.
    public func requireSpace(for byteCount: Int, count: Int = 2) throws {
        var existing = path
        var room = statvfs()
        while statvfs(existing, &room) != 0 {
            let failure = SystemFailure(errno)
            let parent = FolderListing.parent(of: existing)
            guard failure.number == ENOENT, parent != existing else {
                throw CheckpointError(reading: failure.error(existing, cannotBe: "examined", .unreadable))
            }
            existing = parent
        }
        // Some file systems do not know their size.
        guard room.f_blocks > 0 else { return }
        let (needed, overflow) = byteCount.multipliedReportingOverflow(by: count)
        let free = UInt64(room.f_bavail).multipliedReportingOverflow(by: UInt64(room.f_frsize))
        guard overflow || (!free.overflow && free.partialValue < UInt64(max(0, needed))) else { return }
        throw CheckpointError(
            .insufficientSpace,
            "\(path) has \(free.partialValue) bytes free, and \(count) checkpoints of \(byteCount) bytes need "
                + "\(overflow ? "more than any disk has" : "\(needed)"). Free some space, or choose a folder on another "
                + "disk.", file: path)
    }
}
