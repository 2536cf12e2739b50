import Files
import Foundation

/// The user's cache: verified files under their final names, in one folder a data set.
///
/// `mnist/train-images-idx3-ubyte` is a verified file; `….partial` an unfinished download; `unpacking-…` a folder of
/// work in progress, of no worth once its process is gone; `.lock` the lock, never removed.
struct DatasetCache: Sendable {
    /// The folder of all data sets.
    let root: String

    /// The cache that the environment names.
    ///
    /// - Throws: ``DatasetError`` with `cacheUnavailable` where neither `XDG_CACHE_HOME` nor `HOME` is set.
    init(environment: [String: String]) throws {
        // The XDG specification has relative paths ignored.
        if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") {
            root = folder + "/lockstep/datasets"
        } else if let home = environment["HOME"], !home.isEmpty {
            root = home + "/.cache/lockstep/datasets"
        } else {
            throw DatasetError(
                .cacheUnavailable,
                "there is no place for unpacked data sets: neither XDG_CACHE_HOME nor HOME is set. Set XDG_CACHE_HOME "
                    + "to a folder that can be written.")
        }
    }

    /// The folder of one data set, made if need be.
    ///
    /// - Throws: ``DatasetError`` with `cacheUnavailable` and the remedy.
    func folder(for name: String) throws -> String {
        let folder = root + "/" + name
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw unavailable(folder, cause: error)
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            throw unavailable(folder, cause: nil, SystemFailure(errno).text)
        }
        return folder
    }

    /// The path of a file that was verified earlier; nil if it is missing or its size has changed since.
    func verifiedFile(_ file: PinnedFile, of dataset: String) -> String? {
        let path = root + "/" + dataset + "/" + file.name
        return FileStatus(regularFile: path)?.size == file.size ? path : nil
    }

    /// Removes what processes left that were killed while they unpacked; the caller holds the lock.
    func removeLeftovers(in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(Self.workPrefix) || name.hasPrefix(AtomicFile.temporaryPrefix) {
            // What cannot be removed now is tried again by the next process; it takes room and does no harm.
            try? FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    /// Runs `body` with a new private folder inside `folder`, which is removed afterwards.
    func withWorkFolder<Result>(
        in folder: String, _ body: (String) async throws -> Result
    ) async throws -> Result {
        let work = folder + "/" + Self.workPrefix + "\(getpid())-\(UInt64.random(in: .min ... .max))"
        guard mkdir(work, 0o700) == 0 else {
            throw DatasetError(SystemFailure(errno).error(work, cannotBe: "created"))
        }
        defer { try? FileManager.default.removeItem(atPath: work) }
        return try await body(work)
    }

    private static let workPrefix = "unpacking-"

    private func unavailable(_ folder: String, cause: (any Error)?, _ reason: String? = nil) -> DatasetError {
        DatasetError(
            .cacheUnavailable,
            "the cache folder \(folder) cannot be used\(reason.map { ": " + $0 } ?? ""). Make it writable, set "
                + "XDG_CACHE_HOME to a folder that is, or unpack the files yourself and name their folder with "
                + "--data-directory.",
            cause: cause)
    }
}
