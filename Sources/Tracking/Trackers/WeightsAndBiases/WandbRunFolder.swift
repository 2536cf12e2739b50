import Foundation

/// The folder of an offline run of Weights & Biases: `offline-run-<time>-<id>`.
struct WandbRunFolder: Sendable {
    let path: String
    /// The run's id.
    let id: String

    /// The transaction log.
    var logPath: String { "\(path)/run-\(id).wandb" }

    /// Removes what `wandb sync` leaves beside a log that it has sent, after which it would not send it again.
    func forgetSync() {
        for ending in ["synced", "syncstate"] { unlink("\(logPath).\(ending)") }
    }

    /// A new folder for a run with a new id.
    ///
    /// - Throws: ``TrackingError`` where it cannot be created.
    static func new(in folder: String, _ date: Date) throws -> WandbRunFolder {
        let id = String((0..<8).map { _ in Self.letters.randomElement() ?? "x" })
        let new = WandbRunFolder(path: "\(folder)/offline-run-\(stamp(date))-\(id)", id: id)
        // What Weights & Biases would add, such as the output, has its place there; it is none of ours.
        try RunFolder.createFolders("\(new.path)/files")
        return new
    }

    /// The folder that was made last, if there is one with a log in it.
    static func last(in folder: String) -> WandbRunFolder? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names.sorted(by: >) where name.hasPrefix("offline-run-") {
            guard let id = name.split(separator: "-").last.map(String.init) else { continue }
            let found = WandbRunFolder(path: "\(folder)/\(name)", id: id)
            if FileManager.default.fileExists(atPath: found.logPath) { return found }
        }
        return nil
    }

    private static let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")

    private static func stamp(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var local = tm()
        localtime_r(&seconds, &local)
        return String(
            format: "%04d%02d%02d_%02d%02d%02d", Int(local.tm_year) + 1900, Int(local.tm_mon) + 1, Int(local.tm_mday),
            Int(local.tm_hour), Int(local.tm_min), Int(local.tm_sec))
    }
}
