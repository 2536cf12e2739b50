import Checkpointing
import Foundation
import Testing
import Torch

/// What PyTorch computed, from the fixtures' folder.
enum Fixture {
    private static var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")
    }

    private struct File<Case: Decodable>: Decodable {
        let cases: [Case]
    }

    /// The cases of a file; none where it cannot be read, which `casesAreThere` reports.
    static func cases<Case: Decodable>(_ type: Case.Type, of name: String) -> [Case] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = try? decoder.decode(File<Case>.self, from: Data(contentsOf: folder.appending(path: name)))
        return file?.cases ?? []
    }

    static func tensors(of name: String) throws -> [String: Tensor] {
        let contents = try Safetensors.load(from: folder.appending(path: name).path)
        return Dictionary(uniqueKeysWithValues: contents.tensors.map { ($0.key, $0.value) })
    }
}

@Test("the fixtures can be read")
func casesAreThere() {
    #expect(TrajectoryCase.all.count == 50)
    #expect(ScheduleCase.all.count == 28)
    #expect(ClippingCase.all.count == 24)
}

/// How far a result may lie from PyTorch's, relative to the largest element: fused and separate operations round
/// differently.
func tolerance(of dtype: DType) -> Double { dtype == .float64 ? 1e-12 : 1e-6 }

func expectClose(
    _ found: Tensor, _ expected: Tensor, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.shape == expected.shape, comment, sourceLocation: sourceLocation)
    let bound = tolerance(of: expected.dtype)
    let finite = Tensor.where(expected.isfinite(), expected.abs(), .zeros(like: expected))
    let largest = finite.max().item(as: Double.self)
    let difference = (found - expected).detach().abs().max().item(as: Double.self)
    #expect(
        found.isClose(to: expected, relative: bound, absolute: bound * largest, equalNaN: true),
        "\(comment): off by \(difference)", sourceLocation: sourceLocation)
}
