import Files
import Foundation

/// Unpacks a compressed file or an archive into the cache, and gives a file its final name once it is verified.
struct Unpacking: Sendable {
    let cache: DatasetCache
    let environment: [String: String]

    /// Unpacks the file at `path` into `folder`, all contents or none.
    ///
    /// The caller holds the lock of `folder`.
    ///
    /// - Throws: ``DatasetError`` that names the file and what was expected in it.
    func unpack(_ path: String, _ archive: DatasetDescription.Archive, into folder: String) async throws {
        try await cache.withWorkFolder(in: folder) { work in
            let files = try await extract(path, archive, work)
            for content in archive.contents {
                guard let file = files[content.name] else {
                    throw DatasetError(
                        .unpackingFailed,
                        "\(path) does not contain \(content). Replace the file, or remove it so that it is fetched "
                            + "again.")
                }
                do {
                    try await FileDigest.verify(file, is: content)
                } catch let error as DatasetError {
                    throw DatasetError(
                        error.code, "\(content.name) in \(path) is not what was expected.", cause: error)
                }
            }
            try withFileErrors(as: DatasetError.init(_:)) {
                for content in archive.contents {
                    if let file = files[content.name] {
                        try AtomicFile.publish(file, as: folder + "/" + content.name)
                    }
                }
            }
        }
    }

    /// The unpacked files by name, in the work folder.
    private func extract(
        _ path: String, _ archive: DatasetDescription.Archive, _ work: String
    ) async throws -> [String: String] {
        let form = ArchiveForm(ofName: path)
        let isTar = form != .gzip
        if let expected = form.kind, let kind = FileKind(of: path), kind != expected {
            throw DatasetError(
                .wrongKind,
                "\(path) is \(kind.text). Expected \(expected.text) with \(list(archive.contents)). Replace the file, "
                    + "or remove it so that it is fetched again.")
        }
        let errors = work + "/messages"
        let outcome: SystemTool.Outcome
        let target = work + "/contents"
        if isTar {
            guard mkdir(target, 0o700) == 0 else {
                throw DatasetError(SystemFailure(errno).error(target, cannotBe: "created"))
            }
            // `tar` starts these itself, and its own words about a missing one are hard to understand.
            if form == .tarXZ { _ = try SystemTool("xz", environment: environment) }
            if form == .tarGzip { _ = try SystemTool("gzip", environment: environment) }
            outcome = try await SystemTool("tar", environment: environment)
                .run(["-xf", absolute(path), "-C", target, "--no-same-owner"], errors: errors)
        } else {
            outcome = try await SystemTool("gzip", environment: environment)
                .run(["-dc"], input: path, output: target, errors: errors)
        }
        guard outcome.succeeded else { throw failure(path, archive, outcome.complaint) }
        guard isTar else { return archive.contents.first.map { [$0.name: target] } ?? [:] }
        return try regularFiles(below: target, named: Set(archive.contents.map(\.name)))
    }

    private func failure(_ path: String, _ archive: DatasetDescription.Archive, _ complaint: String) -> DatasetError {
        let isShort = complaint.lowercased().contains("unexpected end") || complaint.contains("Unexpected EOF")
        let noRoom = complaint.contains("No space left")
        let size = FileStatus(regularFile: path)?.size ?? 0
        return DatasetError(
            noRoom ? .diskFull : isShort ? .truncated : .unpackingFailed,
            "\(path) (\(size) bytes) cannot be unpacked: \(complaint). Expected \(archive.file), which contains "
                + "\(list(archive.contents)). "
                + (noRoom
                    ? "Free some space, or set XDG_CACHE_HOME."
                    : "Replace it, or remove it so that it is fetched again."))
    }

    /// The files with these names at any depth; links are not followed.
    private func regularFiles(below folder: String, named names: Set<String>) throws -> [String: String] {
        var found: [String: String] = [:]
        for relative in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            let name = (relative as NSString).lastPathComponent
            var status = stat()
            let path = folder + "/" + relative
            guard names.contains(name), lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            found[name] = path
        }
        return found
    }

    private func absolute(_ path: String) -> String {
        // A colon or a dash at the start of a relative name would mean something to `tar`.
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    private func list(_ files: [PinnedFile]) -> String {
        files.map(\.description).joined(separator: ", ")
    }
}

/// How a file is packed, by its name.
enum ArchiveForm: Sendable, Hashable {
    case gzip, tarGzip, tarXZ, tar

    /// The form that a name tells.
    init(ofName name: String) {
        if name.hasSuffix(".tar.gz") || name.hasSuffix(".tgz") {
            self = .tarGzip
        } else if name.hasSuffix(".tar.xz") {
            self = .tarXZ
        } else if name.hasSuffix(".tar") {
            self = .tar
        } else {
            self = .gzip
        }
    }

    /// What the first bytes must show; nil for a bare archive, which has no mark at its start.
    var kind: FileKind? {
        switch self {
        case .gzip, .tarGzip: .gzip
        case .tarXZ: .xz
        case .tar: nil
        }
    }
}
