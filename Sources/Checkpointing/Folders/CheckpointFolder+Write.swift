import Files
import Glibc

/// A checkpoint that was saved.
public struct SavedCheckpoint: Sendable, Hashable {
    /// The number of training steps that were done.
    public let step: Int
    /// The checkpoint's folder.
    public let path: String
    /// What did not work and does not matter to the checkpoint, such as the removal of an old one; a line each.
    public let notices: [String]
}

extension CheckpointFolder {
    /// Writes a checkpoint, reads it back, and then removes those that need not stay.
    ///
    /// Whatever happens meanwhile, the process's end and the machine's included, earlier checkpoints are as they were
    /// until this one is on the disk under its name. One of the same step is replaced.
    ///
    /// - Throws: ``CheckpointError``; the code tells a full disk, a used-up quota, a fault of the disk, a read-only file
    ///   system and a failing fsync apart.
    @discardableResult
    public func write(_ snapshot: CheckpointSnapshot, keep: KeepPolicy = .all) throws -> SavedCheckpoint {
        let publication: CheckpointPublication
        do {
            publication = try publish(snapshot)
        } catch let error as CheckpointPublication.Unconfirmed {
            // It has its name; what it replaced stays until a later start finds everything in order.
            throw explained(
                error.error,
                "The checkpoint of step \(snapshot.step) is written, but may not outlast a loss of power; nothing older "
                    + "was removed.")
        } catch {
            throw explained(
                error, "The checkpoint of step \(snapshot.step) was not saved; earlier ones are as they were.")
        }
        var notices: [String] = []
        func attempt(_ what: String, _ body: () throws -> Void) {
            do { try body() } catch { notices.append("\(what): \(error)") }
        }
        if let old = publication.replaced {
            attempt("The earlier checkpoint of step \(snapshot.step) was replaced and not removed") {
                try FolderListing.remove(old)
            }
        }
        attempt("The link \(path)/\(CheckpointNames.latest) still names an earlier checkpoint") {
            try link(to: snapshot.step)
        }
        notices += removeOthers(than: snapshot.step, keep)
        return SavedCheckpoint(step: snapshot.step, path: publication.path, notices: notices)
    }

    /// An error of a save, with what it means in front.
    private func explained(_ error: any Error, _ meaning: String) -> CheckpointError {
        let cause = error as? CheckpointError ?? CheckpointError(.unwritable, "\(error)", file: path, cause: error)
        return CheckpointError(
            cause.code, "\(meaning) \(cause.message)", file: cause.file, tensor: cause.tensor,
            cause: cause.cause ?? cause)
    }

    /// Writes everything under a temporary name, verifies it, and gives it its own.
    private func publish(_ snapshot: CheckpointSnapshot) throws -> CheckpointPublication {
        try checkNames(snapshot)
        try FolderListing.create(path)
        let partial = "\(path)/\(CheckpointNames.temporary(.partial, step: snapshot.step, pid: getpid()))"
        guard mkdir(partial, 0o777) == 0 else {
            throw CheckpointError(SystemFailure(errno), partial, cannotBe: "created")
        }
        let lock = FolderLock.take(partial)
        defer { withExtendedLifetime(lock) {} }
        do {
            try fill(partial, with: snapshot)
            return try CheckpointPublication(partial, in: path, step: snapshot.step)
        } catch let error as CheckpointPublication.Unconfirmed {
            throw error
        } catch {
            // What cannot be removed now is swept at the next start.
            try? FolderListing.remove(partial)
            throw error
        }
    }

    private func checkNames(_ snapshot: CheckpointSnapshot) throws {
        var taken: Set<String> = []
        for part in snapshot.parts {
            let file = part.name + CheckpointNames.tensorsExtension
            guard CheckpointNames.isValid(file), taken.insert(file.lowercased()).inserted else {
                throw CheckpointError(
                    .invalidName,
                    "A part is named \(part.name.quotedForMessage). Names of parts have letters, digits, -, _ and ., "
                        + "start with a letter or a digit, and differ in more than upper and lower case.")
            }
        }
        guard snapshot.step >= 0 else {
            throw CheckpointError(.invalidName, "A checkpoint's step is \(snapshot.step); steps count from 0.")
        }
    }

    /// Writes the files, the manifest last, and reads them back.
    private func fill(_ partial: String, with snapshot: CheckpointSnapshot) throws {
        var files = try snapshot.parts.map { try write($0, of: snapshot, in: partial) }
        let state = try HashedOutput.write(to: "\(partial)/\(CheckpointNames.state)") { output in
            try output.append(CheckpointValue.object(snapshot.record).json + "\n")
        }
        files.append(.init(name: CheckpointNames.state, size: state.size, sha256: state.sha256))
        let manifest = CheckpointManifest(step: snapshot.step, metrics: snapshot.metrics, files: files)
        _ = try HashedOutput.write(to: "\(partial)/\(CheckpointNames.manifest)") { try $0.append(manifest.text) }
        try FolderListing.synchronize(partial)
        do {
            let reading = CheckpointReading(partial)
            // As texts, since a metric that is NaN equals nothing.
            guard try reading.manifest().text == manifest.text else {
                throw CheckpointError(
                    .damaged, "\(partial)/\(CheckpointNames.manifest) is not as it was written.", file: partial)
            }
            try reading.verify(manifest)
        } catch let error as CheckpointError {
            throw CheckpointError(
                .notVerified, "What was read back is not what was written: \(error.message)", file: error.file,
                tensor: error.tensor, cause: error)
        }
    }

    private func write(
        _ part: CheckpointSnapshot.Part, of snapshot: CheckpointSnapshot, in partial: String
    ) throws -> CheckpointManifest.File {
        let name = part.name + CheckpointNames.tensorsExtension
        let path = "\(partial)/\(name)"
        return try snapshot.withEntries(of: part) { entries in
            let layout: SafetensorsLayout
            do {
                layout = try SafetensorsLayout(entries, metadata: ["format": "pt"], path: path)
            } catch let error as SafetensorsError {
                throw CheckpointError(.unwritable, error.message, file: path, tensor: error.tensor, cause: error)
            }
            var tensors: [CheckpointManifest.TensorChecksum] = []
            let (size, sha256) = try HashedOutput.write(to: path) { output in
                try withUnsafeBytes(of: UInt64(layout.header.count).littleEndian) { _ = try output.append($0) }
                try layout.header.withUnsafeBytes { _ = try output.append($0) }
                for tensor in layout.order.lazy.map({ part.tensors[$0] }) {
                    let start = output.size
                    let checksum = try snapshot.withBytes(of: tensor) { bytes in
                        if snapshot.finiteParts.contains(part.name) {
                            try requireNumbers(bytes, of: tensor, in: part.name, of: snapshot.step)
                        }
                        return try output.append(bytes)
                    }
                    tensors.append(.init(name: tensor.name, range: start..<output.size, crc32: checksum))
                }
            }
            return .init(name: name, size: size, sha256: sha256, tensors: tensors)
        }
    }

    /// Throws where a tensor has elements that are no numbers.
    private func requireNumbers(
        _ bytes: UnsafeRawBufferPointer, of tensor: CheckpointSnapshot.StoredTensor, in part: String, of step: Int
    ) throws {
        let count = bytes.countOfNaN(as: tensor.dtype)
        guard count > 0 else { return }
        throw CheckpointError(
            .notANumber,
            "\(tensor.name.quotedForMessage) of \(part) is NaN in \(count) of \(bytes.count / tensor.dtype.size) elements "
                + "after step \(step), so nothing could go on from there.", file: path, tensor: tensor.name)
    }

    /// Points the link for people to a step's checkpoint.
    private func link(to step: Int) throws {
        let temporary = "\(path)/\(CheckpointNames.temporary(.link, step: step, pid: getpid()))"
        guard symlink(CheckpointNames.folder(step: step), temporary) == 0 else {
            throw CheckpointError(SystemFailure(errno), temporary, cannotBe: "created")
        }
        let target = "\(path)/\(CheckpointNames.latest)"
        guard rename(temporary, target) == 0 else {
            let failure = SystemFailure(errno)
            unlink(temporary)
            throw CheckpointError(failure, target, cannotBe: "put in place of the old link")
        }
    }

    /// Removes the checkpoints that the policy does not keep.
    private func removeOthers(than step: Int, _ keep: KeepPolicy) -> [String] {
        let entries: [Entry]
        do {
            entries = try self.entries()
        } catch {
            return ["No old checkpoint was removed: \(error)"]
        }
        let kept = keep.keptSteps(of: entries.map { ($0.step, $0.metrics) })
        return entries.compactMap { entry in
            guard !kept.contains(entry.step), entry.step != step else { return nil }
            do {
                // Under another name first: a checkpoint that is half removed must not look like one.
                let removed = "\(path)/\(CheckpointNames.temporary(.removed, step: entry.step, pid: getpid()))"
                guard rename(entry.path, removed) == 0 else {
                    throw CheckpointError(SystemFailure(errno), entry.path, cannotBe: "removed")
                }
                try FolderListing.remove(removed)
                return nil
            } catch {
                return "The old checkpoint of step \(entry.step) was not removed: \(error)"
            }
        }
    }
}
