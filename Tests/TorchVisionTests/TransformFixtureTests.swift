import LockstepTesting
import Testing
import Torch
import TorchData
import TorchVision

@Suite("Image transforms against torchvision")
struct TransformFixtureTests {
    struct Case: Decodable, Sendable {
        struct Options: Decodable, Sendable {
            let mean: [Double]?
            let std: [Double]?
        }
        let name: String
        let operation: String
        let options: Options
        let input: String
        let output: String
    }

    static let fixture = Result { try Fixture<Case>("transforms", in: fixtureFolder(near: #filePath)) }

    /// A batch of one image: bytes as torchvision takes them, [height, width, channels].
    private func transformed(_ picture: Tensor, _ transform: any ImageTransform) throws -> Tensor {
        let planes = picture.permute(2, 0, 1)
        let data = try ImageDataset(
            pixels: planes.array(of: UInt8.self), labels: [0], channels: planes.size(0), height: planes.size(1),
            width: planes.size(2), classNames: ["any"], transform: transform)
        return try data.sample(at: 0).0[0]
    }

    @Test("ToTensor gives torchvision's numbers, bit for bit")
    func toTensor() throws {
        let fixture = try Self.fixture.get()
        let cases = fixture.cases.filter { $0.operation == "to_tensor" }
        try #require(!cases.isEmpty)
        for entry in cases {
            let output = try transformed(fixture.tensor(entry.input), ToTensor())
            #expect(try output.isEqual(to: fixture.tensor(entry.output)), "\(entry.name)")
        }
    }

    @Test("Normalize gives torchvision's numbers, bit for bit")
    func normalize() throws {
        let fixture = try Self.fixture.get()
        let cases = fixture.cases.filter { $0.operation == "normalize" }
        try #require(!cases.isEmpty)
        for entry in cases {
            // The inputs are results of `to_tensor`, so that the bytes can be had back.
            let bytes = try (fixture.tensor(entry.input) * 255).round().to(.uint8).permute(1, 2, 0)
            let transform = Normalize(mean: entry.options.mean ?? [], std: entry.options.std ?? [])
            let output = try transformed(bytes, Compose([ToTensor(), transform]))
            #expect(try output.isEqual(to: fixture.tensor(entry.output)), "\(entry.name)")
        }
    }

    @Test("a flip gives torchvision's image")
    func flip() throws {
        let fixture = try Self.fixture.get()
        let cases = fixture.cases.filter { $0.operation == "hflip" }
        try #require(!cases.isEmpty)
        for entry in cases {
            let bytes = try (fixture.tensor(entry.input) * 255).round().to(.uint8).permute(1, 2, 0)
            let output = try transformed(bytes, Compose([RandomHorizontalFlip(p: 1), ToTensor()]))
            #expect(try output.isEqual(to: fixture.tensor(entry.output)), "\(entry.name)")
        }
    }
}
