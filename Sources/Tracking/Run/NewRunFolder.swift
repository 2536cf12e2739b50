import Files
import Foundation

/// A folder for a run that was given no name.
struct NewRunFolder {
    private static let parent = "runs"

    private let name: String

    /// The folder of a program that starts at `date`.
    init(program: String, date: Date) {
        let last = program.split(separator: "/").last.map(String.init) ?? "run"
        name = "\(last)-\(Self.stamp(date))"
    }

    /// Creates it under `runs` in the working folder, with a number behind the name where that is taken.
    ///
    /// - Returns: The absolute path.
    /// - Throws: ``TrackingError`` where it cannot be created.
    func create() throws -> String {
        let parent = URL(fileURLWithPath: Self.parent).path
        try RunFolder.createFolders(parent)
        // `mkdir` decides who gets a name, so two runs that start in the same second get two folders.
        var path = "\(parent)/\(name)"
        var number = 1
        while mkdir(path, 0o777) != 0 {
            guard errno == EEXIST else {
                throw TrackingError(
                    SystemFailure(errno).error("The run folder \(path)", cannotBe: "created"),
                    code: .folderUnavailable)
            }
            number += 1
            path = "\(parent)/\(name)-\(number)"
        }
        return path
    }

    private static func stamp(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var local = tm()
        localtime_r(&seconds, &local)
        return String(
            format: "%04d%02d%02d-%02d%02d%02d", Int(local.tm_year) + 1900, Int(local.tm_mon) + 1, Int(local.tm_mday),
            Int(local.tm_hour), Int(local.tm_min), Int(local.tm_sec))
    }
}
