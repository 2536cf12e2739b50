import ArgumentParser
import Foundation

/// What `lockstep run` starts.
struct ForeignProgram {
    let executable: String
    /// Its first argument.
    let name: String
    let arguments: [String]

    /// Finds a program.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - isModule: whether it is a Python module.
    ///   - isPython: whether a name that ends with `.py` is a script for Python.
    ///   - path: the folders that are searched, separated by colons.
    /// - Throws: `ValidationError` where there is no such program.
    init(command: [String], isModule: Bool, isPython: Bool, path: String) throws {
        guard let program = command.first else { throw ValidationError("name the program to start") }
        let rest = Array(command.dropFirst())
        let isScript = isPython && program.hasSuffix(".py")
        guard isModule || isScript else {
            executable = try Self.find(program, path)
            name = program
            arguments = rest
            return
        }
        if isScript, !isModule, !FileManager.default.isReadableFile(atPath: program) {
            throw ValidationError("\(program): there is no such file, or it cannot be read")
        }
        let python = ["python3", "python"].lazy.compactMap { try? Self.find($0, path) }.first
        guard let python else {
            throw ValidationError("\(program) is for Python, and there is no python3 in PATH")
        }
        executable = python
        name = python
        // Output in whole lines as they are written, not when a buffer is full.
        arguments = ["-u"] + (isModule ? ["-m", program] : [program]) + rest
    }

    private static func find(_ program: String, _ path: String) throws -> String {
        let manager = FileManager.default
        if program.contains("/") {
            var isFolder: ObjCBool = false
            guard manager.fileExists(atPath: program, isDirectory: &isFolder) else {
                throw ValidationError("\(program): there is no such file")
            }
            guard !isFolder.boolValue, manager.isExecutableFile(atPath: program) else {
                throw ValidationError("\(program) is no program: it may not be executed")
            }
            return program
        }
        let candidates = path.split(separator: ":").map { "\($0)/\(program)" }
        guard let found = candidates.first(where: manager.isExecutableFile) else {
            let isHere = manager.isExecutableFile(atPath: "./\(program)")
            throw ValidationError(
                "there is no program \(program) in PATH\(isHere ? "; the one in this folder is ./\(program)" : "")")
        }
        return found
    }
}
