import Foundation

/// Where the files of a data set are, by their names and sizes: nothing is hashed, unpacked or fetched.
package struct Whereabouts: Sendable {
    /// A folder that is searched.
    package struct Place: Sendable {
        /// The folder.
        package let folder: String
        /// Who named it: `--data-directory`, `LOCKSTEP_DATA`, `shared data` or `cache`.
        package let origin: String
        /// What it has, in words.
        package let text: String
        /// The files of each split that is complete here; packed ones stand for what is in them.
        package let files: [DatasetSplit: [String]]
    }

    /// The folders in the order of the search.
    package let places: [Place]

    /// What is wrong with files that would be used, in words.
    package let damage: [String]

    /// Whether all splits were found.
    package var isComplete: Bool { DatasetSplit.allCases.allSatisfy { files(of: $0) != nil } }

    /// The files of a split in the first place that has them all; nil where none has.
    package func files(of split: DatasetSplit) -> [String]? {
        places.lazy.compactMap { $0.files[split] }.first
    }

    /// The folders that the files lie in, each once.
    package var folders: [String] {
        var folders: [String] = []
        for file in DatasetSplit.allCases.compactMap({ files(of: $0) }).joined() {
            let folder = (file as NSString).deletingLastPathComponent
            if !folders.contains(folder) { folders.append(folder) }
        }
        return folders
    }
}

extension DatasetLocation {
    /// Looks for a data set in all places, as opening it does, but for the net.
    ///
    /// - Throws: ``DatasetError`` with `cacheUnavailable` where the environment names no place for the cache.
    package func whereabouts(of dataset: DatasetDescription) throws -> Whereabouts {
        let cache = try DatasetCache(environment: environment)
        var places: [Whereabouts.Place] = []
        var damage: [String] = []
        for place in userPlaces {
            let findings = DatasetSplit.allCases.map { split in
                (split, FolderSearch(description: dataset, split: split).look(in: place.folder))
            }
            var files: [DatasetSplit: [String]] = [:]
            for (split, finding) in findings {
                guard case .complete(let sources) = finding else { continue }
                files[split] = dataset.fileNames(of: split).compactMap { sources[$0]?.path }
                // Only what comes from the first place that has it is used.
                if !places.contains(where: { $0.files[split] != nil }) { damage += dataset.damage(in: sources) }
            }
            let text = findings.first { if case .complete = $0.1 { false } else { true } }
                .map { SearchedPlace(place: place, finding: $0.1).text }
            places.append(
                Whereabouts.Place(
                    folder: place.folder, origin: place.origin,
                    text: text ?? "\(place.folder) (\(place.origin)): all files", files: files))
        }
        places.append(cachePlace(cache, dataset))
        return Whereabouts(places: places, damage: damage)
    }

    /// What the cache has: unpacked files of the right size, or archives to unpack.
    private func cachePlace(_ cache: DatasetCache, _ dataset: DatasetDescription) -> Whereabouts.Place {
        var files: [DatasetSplit: [String]] = [:]
        var missing: [String] = []
        for split in DatasetSplit.allCases {
            let paths = dataset.pinnedFiles(of: split).map { file in
                (file.name, cache.verifiedFile(file, of: dataset.name) ?? archive(of: file, cache, dataset))
            }
            missing += paths.filter { $0.1 == nil }.map(\.0)
            if paths.allSatisfy({ $0.1 != nil }) { files[split] = paths.compactMap(\.1) }
        }
        let total = DatasetSplit.allCases.flatMap { dataset.pinnedFiles(of: $0) }.count
        let words =
            switch missing.count {
            case 0: "all files"
            case total: isFolder(cache.root) ? "no such files" : "no such folder"
            default: "lacks \(missing.joined(separator: ", "))"
            }
        return Whereabouts.Place(
            folder: cache.root, origin: "cache", text: "\(cache.root) (cache): \(words)", files: files)
    }

    private func archive(of file: PinnedFile, _ cache: DatasetCache, _ dataset: DatasetDescription) -> String? {
        dataset.archives(holding: [file.name]).flatMap { [$0.file.name] + $0.otherNames }
            .map { "\(cache.root)/\(dataset.name)/\($0)" }.first { FileStatus(regularFile: $0) != nil }
    }
}

extension FileSource {
    /// The file that lies there, packed or not.
    fileprivate var path: String {
        switch self {
        case .plain(let path), .packed(let path, _): path
        }
    }
}

extension DatasetDescription {
    /// The unpacked files that have another size than they should.
    fileprivate func damage(in sources: [String: FileSource]) -> [String] {
        archives.flatMap(\.contents).compactMap { file in
            guard case .plain(let path) = sources[file.name], let size = FileStatus(regularFile: path)?.size,
                size != file.size
            else { return nil }
            return "\(path) has \(size) bytes, and \(file.size) are expected"
        }
    }
}
