import Foundation

/// The unpacked, verified files of a split, ready to be mapped.
struct PreparedFiles: Sendable {
    /// The path of each file by its name.
    let paths: [String: String]
    /// Whether all files lie in the cache, which may be repaired.
    let isCached: Bool
}

/// Goes through the places of a ``DatasetLocation`` until one yields a split of a data set.
struct DatasetPreparation: Sendable {
    let dataset: DatasetDescription
    let split: DatasetSplit
    let location: DatasetLocation
    let report: @Sendable (DatasetNotice) -> Void

    /// The files of the split, from the first place that has them.
    ///
    /// A place that has them damaged is an error, not passed over: the user who put them there wants to know.
    ///
    /// - Throws: ``MissingDataset`` where no place has them; ``DatasetError`` for all else.
    func files() async throws -> PreparedFiles {
        var searched: [SearchedPlace] = []
        for place in location.userPlaces {
            let finding = FolderSearch(description: dataset, split: split).look(in: place.folder)
            if case .complete(let sources) = finding { return try await adopt(sources) }
            let missed = SearchedPlace(place: place, finding: finding)
            if missed.isWorthTelling { report(.line("\(dataset.title) is not in \(missed.text); looking further")) }
            searched.append(missed)
        }
        let cache = try DatasetCache(environment: location.environment)
        if let files = cached(in: cache) { return files }
        let finding = FolderSearch(description: dataset, split: split).look(in: cache.root)
        searched.append(SearchedPlace(place: .init(folder: cache.root, origin: "cache"), finding: finding))
        do {
            return try await fetch(into: cache)
        } catch let error as DatasetError
            where error.code == .downloadFailed || error.code == .notFound
        {
            throw MissingDataset(dataset: dataset, searched: searched, reason: error.message)
        }
    }

    /// Hashes this split's files in the cache and removes those that are not what they were.
    func removeDamagedFiles() async throws {
        let cache = try DatasetCache(environment: location.environment)
        let folder = try cache.folder(for: dataset.name)
        try await CacheLock.withLock(on: folder, for: "the check of \(dataset.title)", report: report) {
            for file in dataset.pinnedFiles(of: split) {
                do {
                    try await FileDigest.verify(folder + "/" + file.name, is: file)
                } catch is DatasetError {
                    unlink(folder + "/" + file.name)
                }
            }
        }
    }

    /// The files of the split in the cache, if all are there with the right size.
    private func cached(in cache: DatasetCache) -> PreparedFiles? {
        var paths: [String: String] = [:]
        for file in dataset.pinnedFiles(of: split) {
            guard let path = cache.verifiedFile(file, of: dataset.name) else { return nil }
            paths[file.name] = path
        }
        return PreparedFiles(paths: paths, isCached: true)
    }

    // MARK: - Files that the user has

    /// Takes files from a user's folder: plain ones where they are, packed ones through the cache.
    private func adopt(_ sources: [String: FileSource]) async throws -> PreparedFiles {
        var paths: [String: String] = [:]
        for file in dataset.pinnedFiles(of: split) {
            switch sources[file.name] {
            case .plain(let path):
                try await verifyOnce(path, file)
                paths[file.name] = path
            case .packed(let path, let archive):
                paths[file.name] = try await unpackOnce(path, archive, wanted: file)
            case nil:
                throw DatasetError(.notFound, "\(file) is missing.")
            }
        }
        let isCached = sources.values.allSatisfy { if case .packed = $0 { true } else { false } }
        return PreparedFiles(paths: paths, isCached: isCached)
    }

    /// Hashes a user's unpacked file unless a stamp says that this was done.
    private func verifyOnce(_ path: String, _ file: PinnedFile) async throws {
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
        guard let stamp = VerificationStamp(of: absolute, as: file), stamp.status.size == file.size else {
            return try await FileDigest.verify(path, is: file)
        }
        let folder: String
        do {
            let cache = try DatasetCache(environment: location.environment)
            if stamp.isKept(in: cache.root + "/" + dataset.name) { return }
            folder = try cache.folder(for: dataset.name)
        } catch let error as DatasetError {
            report(.line("\(path) has to be verified at every start: \(error.message)"))
            return try await FileDigest.verify(path, is: file)
        }
        try await CacheLock.withLock(on: folder, for: "the verification of \(path)", report: report) {
            guard !stamp.isKept(in: folder) else { return }
            try await FileDigest.verify(path, is: file)
            try stamp.keep(in: folder)
        }
    }

    /// The unpacked file in the cache, unpacked now if it was not before.
    private func unpackOnce(
        _ path: String, _ archive: DatasetDescription.Archive, wanted file: PinnedFile
    ) async throws -> String {
        let cache = try DatasetCache(environment: location.environment)
        if let path = cache.verifiedFile(file, of: dataset.name) { return path }
        let folder = try cache.folder(for: dataset.name)
        return try await CacheLock.withLock(on: folder, for: "the unpacking of \(path)", report: report) {
            if let path = cache.verifiedFile(file, of: dataset.name) { return path }
            cache.removeLeftovers(in: folder)
            report(.line("unpacking \(path) into \(folder)"))
            try await Unpacking(cache: cache, environment: location.environment).unpack(path, archive, into: folder)
            return folder + "/" + file.name
        }
    }

    // MARK: - The net

    /// Downloads and unpacks what the cache lacks.
    private func fetch(into cache: DatasetCache) async throws -> PreparedFiles {
        let folder = try cache.folder(for: dataset.name)
        let purpose = location.allowsDownload ? "the download of" : "the unpacking of"
        return try await CacheLock.withLock(on: folder, for: "\(purpose) \(dataset.title)", report: report) {
            cache.removeLeftovers(in: folder)
            let missing = dataset.pinnedFiles(of: split).filter {
                cache.verifiedFile($0, of: dataset.name) == nil
            }
            var mirrors = MirrorList(location.mirrors ?? dataset.mirrors)
            for archive in dataset.archives(holding: missing.map(\.name)) {
                if try await unpackKept(archive, in: folder, cache) { continue }
                guard location.allowsDownload else {
                    throw DatasetError(.notFound, "downloads are switched off")
                }
                let download = ArchiveDownload(
                    file: archive.file, folder: folder, policy: location.downloads, report: report)
                let path = try await download.run(&mirrors)
                try await Unpacking(cache: cache, environment: location.environment)
                    .unpack(path, archive, into: folder)
                unlink(path)
            }
            guard let files = cached(in: cache) else {
                throw DatasetError(.notFound, "the archives of \(dataset.title) do not hold all of its files")
            }
            return files
        }
    }

    /// Unpacks an archive that lies in the cache already, by an earlier run that was stopped or by hand.
    private func unpackKept(
        _ archive: DatasetDescription.Archive, in folder: String, _ cache: DatasetCache
    ) async throws -> Bool {
        for name in [archive.file.name] + archive.otherNames {
            let path = folder + "/" + name
            guard FileStatus(regularFile: path) != nil else { continue }
            do {
                report(.line("unpacking \(path)"))
                try await Unpacking(cache: cache, environment: location.environment)
                    .unpack(path, archive, into: folder)
                if name == archive.file.name { unlink(path) }
                return true
            } catch let error as DatasetError
                where [.truncated, .wrongKind, .wrongChecksum, .wrongSize, .unpackingFailed].contains(error.code)
            {
                report(.line("\(error) It is removed from the cache."))
                unlink(path)
            }
        }
        return false
    }
}
