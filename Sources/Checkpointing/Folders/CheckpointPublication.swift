import Files
import Glibc

/// The step in which a checkpoint that is whole and verified gets its name.
struct CheckpointPublication {
    /// A checkpoint has its name, but that could not be brought to the disk.
    struct Unconfirmed: Error {
        let error: any Error
    }

    /// The checkpoint's folder.
    let path: String

    /// Where the checkpoint of the same step is that was there before, if there was one.
    let replaced: String?

    /// Renames the folder `partial`, and brings that to the disk.
    ///
    /// - Throws: ``Unconfirmed`` when it has its name; ``CheckpointError`` when it has not.
    init(_ partial: String, in folder: String, step: Int) throws {
        path = "\(folder)/\(CheckpointNames.folder(step: step))"
        if rename(partial, path) == 0 {
            replaced = nil
        } else {
            let failure = SystemFailure(errno)
            guard failure.number == EEXIST || failure.number == ENOTEMPTY else {
                throw CheckpointError(failure, path, cannotBe: "created")
            }
            replaced = try Self.exchange(partial, path, in: folder, step: step)
        }
        do {
            try FolderListing.synchronize(folder)
        } catch {
            throw Unconfirmed(error: error)
        }
    }

    /// Puts the new folder in the place of the old one, and returns where the old one is.
    private static func exchange(_ partial: String, _ path: String, in folder: String, step: Int) throws -> String {
        guard let failure = NameExchange.exchange(partial, path) else { return partial }
        guard [EINVAL, ENOSYS, EOPNOTSUPP].contains(failure.number) else {
            throw CheckpointError(failure, path, cannotBe: "put in place of the old one")
        }
        // The file system cannot exchange names. Under this name the old one is found too, if the process ends here.
        let aside = "\(folder)/\(CheckpointNames.temporary(.replaced, step: step, pid: getpid()))"
        let lock = FolderLock.take(path)
        defer { withExtendedLifetime(lock) {} }
        guard rename(path, aside) == 0 else {
            throw CheckpointError(SystemFailure(errno), path, cannotBe: "moved aside")
        }
        guard rename(partial, path) == 0 else {
            let failure = SystemFailure(errno)
            // If this fails too, the next start does it.
            _ = rename(aside, path)
            throw CheckpointError(failure, path, cannotBe: "put in place of the old one")
        }
        return aside
    }
}
