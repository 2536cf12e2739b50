import Foundation
import LockstepTesting
import Testing
import Torch

@Suite("test support")
struct TestSupportTests {
    @Test("the largest difference is named with its place")
    func difference() {
        let expected: Tensor = [[1.0, 2], [3, 4]]
        #expect(expected.difference(from: expected.clone()) == nil)
        let found: Tensor = [[1.0, 2.25], [3.5, 4]]
        let text = "2 of 4 elements differ; the largest difference, 0.5, is at [1, 0]: 3.5 instead of 3.0"
        #expect(found.difference(from: expected) == text)
        #expect(found.difference(from: expected, absolute: 0.5) == nil)
        #expect(found.difference(from: expected, absolute: 0.49)?.hasPrefix("1 of 4") == true)
        #expect(found.difference(from: expected, relative: 0.2) == nil)
        #expect(found.difference(from: expected, relative: 0.15)?.hasPrefix("1 of 4") == true)
    }

    @Test("shapes, types, wide integers and numbers that are not finite count")
    func strictness() {
        #expect(Tensor([1]).difference(from: [1.0]) == "[1] int64 instead of [1] float32")
        #expect(Tensor([1]).difference(from: [[1]]) == "[1] int64 instead of [1, 1] int64")
        let wide = Tensor(copying: [Int64.max])
        #expect(wide.difference(from: Tensor(copying: [Int64.max - 1])) != nil)
        let special = Tensor(copying: [Double.nan, .infinity, -.infinity])
        #expect(special.difference(from: special.clone()) == nil)
        for other in [[0, .infinity, -.infinity], [.nan, 1, -.infinity], [.nan, .infinity, .infinity]] as [[Double]] {
            let text = special.difference(from: Tensor(copying: other), relative: 1, absolute: 1)
            #expect(text?.hasPrefix("1 of 3") == true)
        }
        #expect(Tensor.zeros([0]).difference(from: .zeros([0])) == nil)
    }

    @Test("a temporary folder is there during the closure, and gone afterwards even when it throws")
    func temporaryFolder() throws {
        struct Stop: Error {}
        var path = ""
        #expect(throws: Stop.self) {
            try withTemporaryFolder { folder in
                path = folder
                try Data([1]).write(to: URL(fileURLWithPath: folder + "/file"))
                #expect(FileManager.default.fileExists(atPath: folder + "/file"))
                throw Stop()
            }
        }
        #expect(!path.isEmpty && !FileManager.default.fileExists(atPath: path))
    }

    @Test("a fixture's missing tensor is an error with its name")
    func missingTensor() throws {
        struct Case: Decodable, Sendable { let name: String }
        let fixture = try Fixture<Case>("tensors", in: fixtureFolder(near: #filePath))
        #expect(fixture.cases.contains { $0.name == "sum_all" })
        let error = #expect(throws: (any Error).self) { _ = try fixture.tensor("nothing/of/this") }
        #expect(error.map { "\($0)".contains("nothing/of/this") } == true)
        #expect(throws: (any Error).self) { _ = try Fixture<Case>("absent", in: fixtureFolder(near: #filePath)) }
    }
}
