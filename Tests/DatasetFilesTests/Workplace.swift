import DatasetFiles
import Foundation
import Synchronization
import Testing

/// A folder of a test's own with an empty cache, and the notices of what runs there.
struct Workplace: Sendable {
    let folder: String
    let notices = Notices()

    var cache: String { folder + "/cache" }
    var datasets: String { cache + "/lockstep/datasets" }

    /// Looks in `directory`, then in this cache, then at `mirrors`; never elsewhere.
    func location(
        _ directory: String? = nil, mirrors: [String] = [], stallLimit: Duration = .seconds(60)
    ) -> DatasetLocation {
        var location = DatasetLocation(
            directory: directory,
            environment: ["XDG_CACHE_HOME": cache, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""])
        location.sharedDirectory = nil
        location.mirrors = mirrors
        location.downloads.stallLimit = stallLimit
        location.downloads.retryDelay = .milliseconds(1)
        return location
    }

    func open(
        _ dataset: TinyDataset, _ split: DatasetSplit = .train, in location: DatasetLocation
    ) async throws -> LabelledImages {
        try await LabelledImages.open(dataset.description, split: split, in: location, report: notices.add)
    }

    /// The files below the cache's folder of a data set, the lock excepted.
    func cached(_ name: String = "tiny") -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: datasets + "/" + name)) ?? []
        return names.filter { $0 != ".lock" }.sorted()
    }
}

/// Collects notices.
final class Notices: Sendable {
    private let all = Mutex<[DatasetNotice]>([])

    @Sendable func add(_ notice: DatasetNotice) { all.withLock { $0.append(notice) } }

    var lines: [String] {
        all.withLock { $0 }.compactMap { if case .line(let text) = $0 { text } else { nil } }
    }

    var progress: [DownloadProgress] {
        all.withLock { $0 }.compactMap { if case .progress(let progress) = $0 { progress } else { nil } }
    }
}

/// Runs `body` with a new folder, which is removed afterwards.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try makeFolder()
    defer { removeFolder(folder) }
    return try body(folder)
}

/// Runs `body` in a new workplace, which is removed afterwards.
func withWorkplace<Result>(_ body: (Workplace) async throws -> Result) async throws -> Result {
    let folder = try makeFolder()
    defer { removeFolder(folder) }
    return try await body(Workplace(folder: folder))
}

/// Runs `body` with a server, which is stopped afterwards.
func withServer<Result>(
    _ dataset: TinyDataset, _ answers: [String: [FaultyServer.Answer]] = [:], isGated: Bool = false,
    _ body: (FaultyServer) async throws -> Result
) async throws -> Result {
    let server = try FaultyServer(files: dataset.archives, answers: answers, isGated: isGated)
    defer { server.stop() }
    return try await body(server)
}

private func makeFolder() throws -> String {
    let folder = NSTemporaryDirectory() + "lockstep-dataset-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
}

private func removeFolder(_ folder: String) {
    try? FileManager.default.removeItem(atPath: folder)
}

func writeFiles(_ files: [String: [UInt8]], into folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name)) }
}

func bytesOfFile(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Runs a program of the system to its end.
func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) \(arguments)")
}

/// The error that `body` throws, which has to be a `DatasetError`.
func datasetError(_ body: () async throws -> some Any) async throws -> DatasetError {
    do {
        _ = try await body()
    } catch let error as DatasetError {
        return error
    }
    throw MissingError()
}

/// Nothing was thrown where an error was due.
struct MissingError: Error {}

/// Waits until `condition` holds; a minute is far more than any test needs.
func waitUntil(_ what: String, _ condition: () throws -> Bool) async throws {
    for _ in 0..<6000 {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("never came: \(what)")
    throw MissingError()
}

extension LabelledImages {
    /// The bytes of all images, one after the other.
    var allPixels: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count * imageByteCount)
        bytes.withUnsafeMutableBytes { bytes in
            for index in 0..<count {
                copyPixels(at: index, to: .init(rebasing: bytes[(index * imageByteCount)...]))
            }
        }
        return bytes
    }

    /// The labels of all images.
    var allLabels: [Int] { (0..<count).map(label(at:)) }
}
