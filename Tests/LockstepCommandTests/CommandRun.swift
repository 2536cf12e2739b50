import Foundation
import Testing

/// A folder of a test's own, which goes with the last reference.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/lockstep-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, and the folders above it.
    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String, permissions: Int = 0o644) throws -> String {
        let file = path + "/" + name
        try makeFolder((name as NSString).deletingLastPathComponent)
        try #require(
            FileManager.default.createFile(
                atPath: file, contents: Data(bytes), attributes: [.posixPermissions: permissions]))
        return file
    }

    @discardableResult
    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        return path + "/" + name
    }

    func link(_ name: String, to target: String) throws {
        try makeFolder((name as NSString).deletingLastPathComponent)
        try FileManager.default.createSymbolicLink(atPath: path + "/" + name, withDestinationPath: target)
    }
}

/// How a process of `lockstep` ended, and what it wrote.
struct CommandRun {
    let status: Int32
    let output: String
    let errors: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// The built command.
    static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("lockstep").path

    /// Runs the command in `folder`, which is also its home, and waits for its end.
    ///
    /// - Parameters:
    ///   - environment: variables besides `HOME`, `XDG_CACHE_HOME` and `PATH`.
    ///   - shell: commands that a shell runs before, such as `ulimit -n 100`.
    ///   - executable: the command.
    init(
        _ arguments: [String], in folder: TestFolder, environment: [String: String] = [:], shell: String? = nil,
        executable: String = Self.executable
    ) throws {
        let names = ["stdout", "stderr"].map { "\(folder.path)/\(UUID().uuidString).\($0)" }
        let process = Process()
        if let shell {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "\(shell); exec \"$0\" \"$@\"", executable] + arguments
        } else {
            process.executableURL = URL(fileURLWithPath: executable)
            process.arguments = arguments
        }
        let own = ProcessInfo.processInfo.environment
        var values = ["HOME": folder.path, "XDG_CACHE_HOME": folder.path + "/cache"]
        for name in ["PATH", "LD_LIBRARY_PATH"] { values[name] = own[name] }
        process.environment = values.merging(environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: try folder.makeFolder("work"))
        for name in names { try Data().write(to: URL(fileURLWithPath: name)) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: names[0])
        process.standardError = FileHandle(forWritingAtPath: names[1])
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationReason == .exit)
        status = process.terminationStatus
        let texts = try names.map { try String(contentsOfFile: $0, encoding: .utf8) }
        (output, errors) = (texts[0], texts[1])
    }
}
