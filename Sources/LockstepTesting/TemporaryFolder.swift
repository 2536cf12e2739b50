import Foundation

/// A new, empty folder for a test, removed with all it holds when nothing refers to it any more.
///
/// ```swift
/// let folder = try TemporaryFolder()
/// try model.save(to: folder.path("model.safetensors"))
/// ```
public final class TemporaryFolder: Sendable {
    /// The folder's absolute path.
    public let path: String

    /// Makes a folder where the system keeps temporary files, under a name that no other process has.
    ///
    /// - Throws: the file system's error.
    public init() throws {
        let place = FileManager.default.temporaryDirectory
        let folder = place.appendingPathComponent("lockstep-test-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something inside the folder, which need not exist.
    public func path(_ name: String) -> String {
        path + "/" + name
    }
}

/// Runs `body` with the path of a new folder, and removes the folder when `body` returns or throws.
///
/// - Throws: the file system's error if there can be no folder, and what `body` throws.
public func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try TemporaryFolder()
    return try withExtendedLifetime(folder) { try body(folder.path) }
}

/// Runs `body` with the path of a new folder, and removes the folder when `body` returns or throws.
///
/// - Throws: the file system's error if there can be no folder, and what `body` throws.
public func withTemporaryFolder<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Result
) async throws -> Result {
    let folder = try TemporaryFolder()
    let result = try await body(folder.path)
    withExtendedLifetime(folder) {}
    return result
}
