import Foundation
import Glibc

/// The folder whose runs are shown, or the folder of a single run.
///
/// Every file in it is opened from the folder down, name by name, and no name may be a symbolic link: what is served
/// lies in the folder.
struct RunsFolder: Sendable {
    /// The folder's path, without symbolic links where it exists.
    let path: String

    init(_ path: String) {
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
        guard let resolved = realpath(absolute, nil) else {
            self.path = absolute
            return
        }
        defer { free(resolved) }
        self.path = String(cString: resolved)
    }

    /// What tells a run's folder.
    private static let marks = ["metrics.jsonl", "config.json", "ranks"]

    /// The names of the runs, sorted; empty while the folder does not exist.
    func names() -> [String] {
        guard let folder = OpenFile.folder(path) else { return [] }
        if Self.isRun(folder, ".") { return [ownName] }
        return folder.names.filter { Self.isFolder(folder, $0) && Self.isRun(folder, $0) }.sorted()
    }

    /// The name of the run, where the folder itself is one.
    var ownName: String { path == "/" ? "/" : (path as NSString).lastPathComponent }

    /// Opens a file of a run for reading.
    ///
    /// - Parameters:
    ///   - run: A name out of ``names()``.
    ///   - names: The folders in the run's folder, and the file.
    /// - Returns: Nil where there is no such regular file.
    func open(_ run: String, _ names: [String]) -> OpenFile? {
        guard let last = names.last, Self.isPlain(last) else { return nil }
        return folder(of: run, names.dropLast())?.file(last)
    }

    /// The names in a folder of a run, sorted.
    func list(_ run: String, _ name: String) -> [String] {
        folder(of: run, [name])?.names.sorted() ?? []
    }

    private func folder(of run: String, _ names: ArraySlice<String>) -> OpenFile? {
        guard var folder = OpenFile.folder(path) else { return nil }
        let isOwn = run == ownName && Self.isRun(folder, ".")
        for name in (isOwn ? [] : [run]) + names {
            guard Self.isPlain(name), let next = folder.folder(name) else { return nil }
            folder = next
        }
        return folder
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }

    private static func isFolder(_ folder: OpenFile, _ name: String) -> Bool {
        var status = stat()
        return fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func isRun(_ folder: OpenFile, _ name: String) -> Bool {
        var status = stat()
        return marks.contains { fstatat(folder.number, "\(name)/\($0)", &status, AT_SYMLINK_NOFOLLOW) == 0 }
    }
}
