import DatasetFiles
import Foundation
import Testing

/// A process of `dataset-download-probe`, which opens a tiny data set as one rank of several would.
final class Probe {
    private let process = Process()
    private let output: String
    private let errors: String

    /// Starts a probe with the workplace's cache and these mirrors.
    init(_ tiny: TinyDataset, in place: Workplace, mirrors: [String]) throws {
        let name = place.folder + "/probe-" + UUID().uuidString
        (output, errors) = (name + ".out", name + ".err")
        try writePlan(tiny, to: name + ".json")
        for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
        // Executables lie beside the tests' own.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("dataset-download-probe")
        process.arguments = [name + ".json", place.cache] + mirrors
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""]
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }

    /// What it printed: the number of images and a hash of all bytes.
    func result() throws -> String { String(decoding: try bytesOfFile(output), as: UTF8.self) }

    /// Its notices so far.
    func notices() throws -> String { String(decoding: try bytesOfFile(errors), as: UTF8.self) }

    /// Waits for its end; where that is a failure its notices are recorded as an issue.
    func succeeds() async throws -> Bool {
        try await waitUntil("the end of pid \(pid)") { !process.isRunning }
        guard process.terminationStatus != 0 else { return true }
        Issue.record("exit status \(process.terminationStatus): \(try notices())")
        return false
    }

    /// Ends it as `kill -9` does.
    func killAtOnce() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

private func writePlan(_ tiny: TinyDataset, to path: String) throws {
    struct Pinned: Codable {
        let name: String
        let size: Int
        let sha256: String
    }
    let names = tiny.description.fileNames(of: .train)
    let plan =
        names.map { ($0 + ".gz", tiny.archives[$0 + ".gz", default: []]) }
        + names.map { ($0, tiny.contents[$0, default: []]) }
    let data = try JSONEncoder().encode(plan.map { Pinned(name: $0, size: $1.count, sha256: sha256($1)) })
    try data.write(to: URL(fileURLWithPath: path))
}
