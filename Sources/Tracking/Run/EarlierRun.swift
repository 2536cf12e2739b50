import Files
import Foundation

/// What an earlier run left in a folder.
struct EarlierRun {
    static let metrics = "metrics.jsonl"
    static let configuration = "config.json"
    static let checkpoints = "checkpoints"
    static let ranks = "ranks"
    static let summary = "summary.json"
    static let evaluation = "evaluation.json"

    /// What a run leaves, in the order in which it gets new names: the metrics last, because their lock keeps other runs out.
    private static let all = [
        configuration, checkpoints, ranks, summary, evaluation, "report.html", CSVTracker.fileName,
        TensorBoardTracker.folderName, metrics,
    ]
    private static let folders: Set<String> = [checkpoints, ranks, TensorBoardTracker.folderName]

    private let folder: String

    /// The earlier run in `folder`, if there is one.
    init(in folder: String) {
        self.folder = folder
    }

    /// Runs `body` while no run writes the metrics, nor starts to.
    ///
    /// - Throws: ``TrackingError`` where a run that still goes on has the folder; and what `body` throws.
    func withoutWriter<Result>(_ body: () throws -> Result) throws -> Result {
        guard let result = try MetricsFile.withoutWriter(path(Self.metrics), body) else {
            throw TrackingError(
                .fileInUse,
                "The run folder \(folder) is in use: another run is writing its \(Self.metrics). "
                    + "Wait for it, or choose another folder.")
        }
        return result
    }

    /// Gives all that a run leaves the next free number.
    ///
    /// - Returns: One line that says so, or none where there was nothing.
    func moveAside() throws -> [String] {
        let moves = try rename(Self.all).map {
            "\($0.old) is now \($0.new)"
        }
        return moves.isEmpty ? [] : ["\(folder) has an earlier run, which is kept: \(moves.joined(separator: ", "))."]
    }

    /// Gives the configuration, if there is one, the next free number, and returns its new name.
    func keepConfiguration() throws -> String? {
        try rename([Self.configuration]).first?.new
    }

    /// Gives those of the files that have contents the first number that is free for all.
    private func rename(_ names: [String]) throws -> [(old: String, new: String)] {
        var moves: [(old: String, new: String)] = []
        var number = freeNumber
        for name in names where hasContents(name) {
            let newName = try reserve(name, &number)
            if Glibc.rename(path(name), path(newName)) == 0 {
                moves.append((name, newName))
                continue
            }
            let failure = SystemFailure(errno)
            remove(path(newName))
            // Another run that starts in this folder may have been faster.
            guard failure.number == ENOENT else {
                throw TrackingError(failure.error(path(name), cannotBe: "renamed to \(newName)"))
            }
        }
        return moves
    }

    private var freeNumber: Int {
        var number = 1
        while Self.all.contains(where: { exists(numbered($0, number)) }) { number += 1 }
        return number
    }

    /// Creates an empty file or folder under the first free number from `number` on, which keeps the name from other runs.
    private func reserve(_ name: String, _ number: inout Int) throws -> String {
        while true {
            let newName = numbered(name, number)
            if Self.folders.contains(name) {
                if mkdir(path(newName), 0o777) == 0 { return newName }
                guard errno == EEXIST else {
                    throw TrackingError(SystemFailure(errno).error(path(newName), cannotBe: "created"))
                }
                number += 1
                continue
            }
            let descriptor = open(path(newName), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 {
                close(descriptor)
                return newName
            }
            guard errno == EEXIST else {
                throw TrackingError(SystemFailure(errno).error(path(newName), cannotBe: "created"))
            }
            number += 1
        }
    }

    private func numbered(_ name: String, _ number: Int) -> String {
        let (stem, kind) = ((name as NSString).deletingPathExtension, (name as NSString).pathExtension)
        return "\(stem).\(number)" + (kind.isEmpty ? "" : ".\(kind)")
    }

    private func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(path(name), &status) == 0
    }

    private func hasContents(_ name: String) -> Bool {
        var status = stat()
        return lstat(path(name), &status) == 0 && status.st_size > 0
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }
}
