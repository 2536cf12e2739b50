/// A folder that was searched, and what it had.
struct SearchedPlace: Sendable {
    let place: DatasetLocation.Place
    let finding: Finding

    /// Whether the user expects the files there.
    var isWorthTelling: Bool {
        if case .partial = finding { return true }
        return place.origin == "--data-directory"
    }

    /// The folder, who named it, and what it lacks.
    var text: String {
        let name = "\(place.folder) (\(place.origin))"
        return switch finding {
        case .complete: name
        case .nothing: "\(name): no such files"
        case .noFolder: "\(name): no such folder"
        case .partial(let folder, let found, let missing):
            "\(name): \(folder) has \(found.joined(separator: ", ")) and lacks \(missing.joined(separator: ", "))"
        }
    }
}

/// A data set that could be neither found nor fetched.
struct MissingDataset: Error, Sendable {
    let dataset: DatasetDescription
    let searched: [SearchedPlace]
    /// Why the net gave nothing.
    let reason: String

    /// The error for the user, with all that is needed to place the files by hand.
    var error: DatasetError {
        var lines = ["\(dataset.title) was not found and could not be fetched.", "Searched:"]
        lines += searched.map { "  \($0.text)" }
        lines.append("Net: \(reason)")
        lines.append("To place the files by hand, put these into a folder \(dataset.name)/:")
        lines += dataset.archives.map { "  \($0.file)" }
        lines.append("or, unpacked:")
        lines += dataset.archives.flatMap(\.contents).map { "  \($0)" }
        lines.append("and name the folder above it with --data-directory or LOCKSTEP_DATA.")
        return DatasetError(.notFound, lines.joined(separator: "\n"))
    }
}
