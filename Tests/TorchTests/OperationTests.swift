import LockstepTesting
import Testing
import Torch

private let fixture = Result { try Fixture<OperationCase>("tensors", in: fixtureFolder(near: #filePath)) }

@Suite("operations")
struct OperationTests {
    @Test("operations give PyTorch's results", arguments: try fixture.get().cases)
    func matchesPyTorch(_ entry: OperationCase) throws {
        let fixture = try fixture.get()
        let operation = try #require(operationTable[entry.operation], "no operation \(entry.operation)")
        let results = operation(try Operands(entry, in: fixture))
        try #require(results.count == entry.outputs.count)
        for (result, output) in zip(results, entry.outputs) {
            let expected = try fixture.tensor(output)
            // Vectorised code differs by processor in the last bit; sums by their order.
            #expect(result.difference(from: expected, relative: 2e-6, absolute: 1e-6) == nil, "\(output)")
        }
    }
}
