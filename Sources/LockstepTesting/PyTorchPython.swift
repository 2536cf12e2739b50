import Foundation

/// The Python that has PyTorch, for tests that let PyTorch judge.
///
/// ```swift
/// @Test(
///     "PyTorch agrees",
///     .enabled(if: PyTorchPython.executable != nil, Comment(rawValue: PyTorchPython.absence)))
/// func agreement() throws { #expect(try PyTorchPython.run("print(1 + 1)") == "2\n") }
/// ```
public enum PyTorchPython {
    /// The interpreter's path: what the environment variable `LOCKSTEP_PYTHON` names, else that of the package's `.venv`,
    /// which `make python` makes; nil where there is none.
    ///
    /// What the variable names is not examined: a wrong name makes tests fail rather than be skipped.
    public static let executable: String? = {
        if let named = ProcessInfo.processInfo.environment["LOCKSTEP_PYTHON"], !named.isEmpty { return named }
        var package = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { package.deleteLastPathComponent() }
        let python = package.appendingPathComponent(".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: python) ? python : nil
    }()

    /// What tests say that are skipped where there is no such Python.
    public static let absence =
        "no Python with PyTorch: make .venv with `make python`, or name one in LOCKSTEP_PYTHON"

    /// Runs a script and waits for its end.
    ///
    /// - Parameters:
    ///   - script: the program's text.
    ///   - arguments: `sys.argv` from index 1 on.
    /// - Returns: what it wrote to standard output.
    /// - Throws: ``Failure`` where there is no Python, where it cannot be started, and where it does not end with
    ///   status 0.
    public static func run(_ script: String, arguments: [String] = []) throws -> String {
        guard let executable else { throw Failure(description: absence) }
        // Files, because a pipe that another test's process inherits does not end with this process.
        let folder = try TemporaryFolder()
        let files = try ["stdout", "stderr"].map { name in
            try Data().write(to: URL(fileURLWithPath: folder.path(name)))
            return try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path(name)))
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = ["-c", script] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = files[0]
        process.standardError = files[1]
        do {
            try process.run()
        } catch {
            throw Failure(description: "\(executable) cannot be started: \(error)")
        }
        process.waitUntilExit()
        for file in files { try file.close() }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let errors = try String(contentsOfFile: folder.path("stderr"), encoding: .utf8)
            let end = process.terminationReason == .exit ? "status" : "signal"
            throw Failure(description: "\(executable) ended with \(end) \(process.terminationStatus):\n\(errors)")
        }
        return try String(contentsOfFile: folder.path("stdout"), encoding: .utf8)
    }

    /// Why a script gave no result.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened, with what the script wrote to standard error.
        public let description: String
    }
}
