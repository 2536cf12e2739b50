import Foundation

/// What an earlier run left in a folder.
struct EarlierRun {
    static let metrics = "metrics.jsonl"
    static let configuration = "config.json"

    private let folder: String

    /// The earlier run in `folder`, if there is one.
    init(in folder: String) {
        self.folder = folder
    }

    /// Throws where a run that still goes on has the folder.
    func checkThatNobodyWrites() throws {
        guard MetricsFile.isInUse(path(Self.metrics)) else { return }
        throw TrackingError(
            .fileInUse,
            "The run folder \(folder) is in use: another run is writing its \(Self.metrics). "
                + "Wait for it, or choose another folder.")
    }

    /// Gives metrics and configuration the next free number.
    ///
    /// - Returns: One line that says so, or none where there was nothing.
    func moveAside() throws -> [String] {
        let files = [Self.metrics, Self.configuration].filter { exists($0) }
        guard !files.isEmpty else { return [] }
        let number = nextNumber
        let moves = try files.map { "\($0) is now \(try rename($0, number))" }
        return ["\(folder) has an earlier run, which is kept: \(moves.joined(separator: ", "))."]
    }

    /// Gives the configuration, if there is one, the next free number, and returns its new name.
    func keepConfiguration() throws -> String? {
        exists(Self.configuration) ? try rename(Self.configuration, nextNumber) : nil
    }

    private var nextNumber: Int {
        var number = 1
        while exists(numbered(Self.metrics, number)) || exists(numbered(Self.configuration, number)) { number += 1 }
        return number
    }

    private func rename(_ name: String, _ number: Int) throws -> String {
        let newName = numbered(name, number)
        guard Glibc.rename(path(name), path(newName)) == 0 else {
            throw SystemFailure(errno).error(path(name), cannotBe: "renamed to \(newName)")
        }
        return newName
    }

    private func numbered(_ name: String, _ number: Int) -> String {
        let (stem, kind) = ((name as NSString).deletingPathExtension, (name as NSString).pathExtension)
        return "\(stem).\(number).\(kind)"
    }

    private func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(path(name), &status) == 0
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }
}
