import DatasetFiles
import Foundation
import Testing
import Torch
import TorchData
import TorchVision

@Suite("Published image sets")
struct ImageCollectionTests {
    /// The real files, where `LOCKSTEP_DATA` names a folder of them.
    static let folder = ProcessInfo.processInfo.environment["LOCKSTEP_DATA"] ?? ""

    static var location: DatasetLocation {
        var location = DatasetLocation(directory: folder)
        location.allowsDownload = false
        return location
    }

    @Test("MNIST has its images, in batches of any rank and any number of workers", .enabled(if: !folder.isEmpty))
    func mnist() async throws {
        let data = try await MNIST(in: Self.location)
        #expect(data.train.count == 60_000)
        #expect(data.test.count == 10_000)
        #expect(!data.isSynthetic)
        #expect(data.classNames == (0..<10).map(String.init))
        let (images, labels) = try data.train.batch(at: [0, 1, 2, 3, 4])
        #expect(images.shape == [5, 1, 28, 28])
        #expect(labels.array(of: Int.self) == [5, 0, 4, 1, 9])
        // The well-known mean of the first image's pixels: 27,525 / 784 / 255.
        #expect((images[0].sum().item(as: Double.self) * 255).rounded() == 27_525)

        var counts = [Int](repeating: 0, count: 10)
        for try await (_, labels) in EvaluationLoader(data.test, batchSize: 1000) {
            for label in labels.array(of: Int.self) { counts[label] += 1 }
        }
        #expect(counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    }

    @Test("a limit keeps the first images of both parts", .enabled(if: !folder.isEmpty))
    func limited() async throws {
        let data = try await MNIST(in: Self.location).limited(to: 100)
        #expect(data.train.count == 100)
        #expect(data.test.count == 100)
        #expect(throws: DataError.self) { try data.train.sample(at: 100) }
        #expect(try await MNIST(in: Self.location).limited(to: nil).train.count == 60_000)
    }

    @Test("test images are not changed at random")
    func randomEvaluation() async throws {
        let error = await #expect(throws: TransformError.self) {
            try await CIFAR10(in: Self.location, transform: Compose([RandomHorizontalFlip(), ToTensor()]))
        }
        #expect(error?.code == .randomEvaluation)
    }

    @Test("pixels, labels and classes that do not fit together are an error")
    func malformed() {
        for (bytes, labels) in [(7, [0, 1]), (8, [0, 2]), (8, [-1, 0])] {
            let error = #expect(throws: DataError.self) {
                try ImageDataset(
                    pixels: [UInt8](repeating: 0, count: bytes), labels: labels, channels: 1, height: 2, width: 2,
                    classNames: ["a", "b"])
            }
            #expect(error?.code == .malformedSamples)
        }
    }

    @Test("an empty batch has no images")
    func emptyBatch() throws {
        let data = try ImageDataset(
            pixels: [1, 2, 3, 4], labels: [0], channels: 1, height: 2, width: 2, classNames: ["a"])
        let (images, labels) = try data.batch(at: [])
        #expect(images.shape == [0, 1, 2, 2])
        #expect(labels.shape == [0])
    }
}
