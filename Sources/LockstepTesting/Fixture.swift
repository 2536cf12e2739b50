import Checkpointing
import Foundation
public import Torch

/// Expected results in two files: a table of cases `NAME.json`, and the tensors that it names in `NAME.safetensors`.
///
/// The table is `{"cases": [...]}`. A case is any `Decodable` type; where it speaks of a tensor it has that tensor's
/// name. The tensors are read when they are asked for, so a fixture can be a constant that parallel tests share.
///
/// ```swift
/// struct Case: Decodable, Sendable { let name, input, output: String }
/// let fixture = try Fixture<Case>("layers", in: fixtureFolder(near: #filePath))
/// for entry in fixture.cases { try check(fixture.tensor(entry.input), fixture.tensor(entry.output)) }
/// ```
public struct Fixture<Case: Decodable & Sendable>: Sendable {
    /// The cases in the table's order.
    public let cases: [Case]
    private let file: SafetensorsFile

    /// Reads the table and opens the tensors.
    ///
    /// - Throws: the error of the file system, of decoding, or `SafetensorsError`.
    public init(_ name: String, in folder: String) throws {
        let table = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).json"))
        cases = try JSONDecoder().decode(Table.self, from: table).cases
        file = try SafetensorsFile("\(folder)/\(name).safetensors")
    }

    private struct Table: Decodable {
        let cases: [Case]
    }

    /// A copy of one of the tensors.
    ///
    /// - Throws: `SafetensorsError` if there is no such tensor, or if tensors cannot have its type.
    public func tensor(_ name: String) throws -> Tensor {
        try file.tensor(named: name)
    }

    /// Copies of several of the tensors, a role or state name each.
    ///
    /// - Throws: as `tensor(_:)`.
    public func tensors(_ names: [String: String]) throws -> [String: Tensor] {
        try names.mapValues(tensor)
    }
}

/// The folder `Fixtures` in the nearest folder above a source file.
///
/// - Throws: `CocoaError` of the kind `fileNoSuchFile` if there is none.
public func fixtureFolder(near sourceFile: String) throws -> String {
    var folder = URL(fileURLWithPath: sourceFile).deletingLastPathComponent()
    while folder.path != "/" {
        let fixtures = folder.appendingPathComponent("Fixtures", isDirectory: true)
        if FileManager.default.fileExists(atPath: fixtures.path) { return fixtures.path }
        folder = folder.deletingLastPathComponent()
    }
    throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "Fixtures near \(sourceFile)"])
}
