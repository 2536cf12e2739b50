import Foundation
import Tracking

/// The live board, which another program serves while a training runs: `lockstep board`.
final class BoardProcess {
    private let process = Process()
    // The board ends when this is closed, which the system does with this process, however that ends.
    private let lifeline = Pipe()

    /// Starts the board over the folder that has the run's folder.
    ///
    /// - Parameter runFolder: the run's folder; nil for a new one under `runs`.
    /// - Throws: ``TrainingError`` where the command `lockstep` is not found or does not start, `TrackingError` where the
    ///   folder cannot be created.
    init(over runFolder: String?) throws {
        let folder = URL(fileURLWithPath: runFolder ?? "runs/run").deletingLastPathComponent().path
        try RunFolder.createFolders(folder)
        process.executableURL = try Self.command()
        process.arguments = ["board", folder, "--until-stdin-closes"]
        process.standardInput = lifeline
        // Standard output is the program's.
        process.standardOutput = FileHandle.standardError
        do {
            try process.run()
        } catch {
            throw TrainingError(
                .invalidOption, "--board: \(process.executableURL?.path ?? "lockstep") does not start: \(error)")
        }
    }

    /// The command beside this program, or on the path.
    private static func command() throws -> URL {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let places = [own] + path.split(separator: ":").map(String.init)
        guard let place = places.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/lockstep") }) else {
            throw TrainingError(
                .invalidOption,
                "--board: the command lockstep is neither beside this program, in \(own), nor on the path. Build it with "
                    + "`swift build -c release --product lockstep`.")
        }
        return URL(fileURLWithPath: "\(place)/lockstep")
    }
}
