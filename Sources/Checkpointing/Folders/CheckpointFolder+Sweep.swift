import Files
import Glibc

extension CheckpointFolder {
    /// Removes what saves have left behind that were ended before their time.
    ///
    /// What another process is working at stays. An old checkpoint that was making room for a new one of its step gets
    /// its name back where the new one is not there.
    ///
    /// - Returns: A line for each thing that was found.
    /// - Throws: ``CheckpointError`` where the folder is there and cannot be listed.
    public func sweep() throws -> [String] {
        let names = try FolderListing.names(in: path) ?? []
        return names.sorted().compactMap { name in
            guard let (kind, step, pid) = CheckpointNames.temporary(name) else { return nil }
            let leftover = "\(path)/\(name)"
            if kind != .link, isInUse(leftover, by: pid) {
                return "\(leftover) stays: another process (pid \(pid)) is working at it."
            }
            do {
                let finished = CheckpointNames.folder(step: step)
                if kind == .replaced, !names.contains(finished) {
                    guard rename(leftover, "\(path)/\(finished)") == 0 else {
                        throw CheckpointError(SystemFailure(errno), leftover, cannotBe: "renamed to \(finished)")
                    }
                    return "\(path)/\(finished) has its name back: a save that was to replace it did not end."
                }
                try FolderListing.remove(leftover)
                return "\(leftover) was removed: a save of step \(step) (pid \(pid)) did not end."
            } catch {
                return "\(leftover) is left from a save that did not end, and stays: \(error)"
            }
        }
    }

    private func isInUse(_ folder: String, by pid: Int32) -> Bool {
        switch FolderLock.state(of: folder) {
        case .free: false
        case .held: true
        // Without locks, a process of that number has to be taken for the one that wrote it.
        case .unknown: kill(pid, 0) == 0 || errno == EPERM
        }
    }
}
