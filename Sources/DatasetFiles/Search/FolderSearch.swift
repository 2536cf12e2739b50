import Foundation

/// Where an unpacked file can come from.
enum FileSource: Sendable, Hashable {
    /// It lies there, unpacked.
    case plain(String)
    /// It is in this compressed file or archive.
    case packed(String, DatasetDescription.Archive)
}

/// What one folder has of a split.
enum Finding: Sendable {
    /// Every file, by its unpacked name.
    case complete([String: FileSource])
    /// Some files and not others.
    case partial(folder: String, found: [String], missing: [String])
    /// No file of the data set.
    case nothing
    /// The folder itself does not exist.
    case noFolder
}

/// Looks for a data set below a folder, in the arrangements that people and torchvision use.
struct FolderSearch: Sendable {
    let description: DatasetDescription
    let split: DatasetSplit

    /// Looks below `folder`: `<name>/`, torchvision's folders, then the folder itself.
    func look(in folder: String) -> Finding {
        guard isFolder(folder) else { return .noFolder }
        var best: (folder: String, sources: [String: FileSource])?
        let names = description.fileNames(of: split)
        for candidate in candidates(below: folder) {
            let sources = sources(in: candidate)
            if sources.count == names.count { return .complete(sources) }
            if sources.count > (best?.sources.count ?? 0) { best = (candidate, sources) }
        }
        guard let best else { return .nothing }
        return .partial(
            folder: best.folder,
            found: names.filter { best.sources[$0] != nil }, missing: names.filter { best.sources[$0] == nil })
    }

    private func candidates(below folder: String) -> [String] {
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        return [folder + "/" + description.name] + description.otherFolders.map { folder + "/" + $0 } + [folder]
    }

    private func sources(in folder: String) -> [String: FileSource] {
        var sources: [String: FileSource] = [:]
        for name in description.fileNames(of: split) {
            let plain = folder + "/" + name
            if FileStatus(regularFile: plain) != nil {
                sources[name] = .plain(plain)
                continue
            }
            for archive in description.archives(holding: [name]) {
                let packed = ([archive.file.name] + archive.otherNames).map { folder + "/" + $0 }
                if let path = packed.first(where: { FileStatus(regularFile: $0) != nil }) {
                    sources[name] = .packed(path, archive)
                }
            }
        }
        return sources
    }
}
