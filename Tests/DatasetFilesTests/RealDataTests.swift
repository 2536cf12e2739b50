import DatasetFiles
import Foundation
import Testing

/// `../shared/data`, seen from the package's folder; nil where there is none.
private let realData: String? = {
    let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = package.deletingLastPathComponent().appendingPathComponent("shared/data").path
    return FileManager.default.fileExists(atPath: folder) ? folder : nil
}()

@Suite(
    "The real data sets, where they lie beside the package",
    .enabled(if: realData != nil, "no folder ../shared/data beside the package"))
struct RealDataTests {
    private static let mnistTrain = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    private static let mnistTest = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]

    private static let cases: [(DatasetDescription, DatasetSplit, [Int])] = [
        (.mnist, .train, mnistTrain), (.mnist, .test, mnistTest),
        (.fashionMNIST, .train, .init(repeating: 6000, count: 10)),
        (.fashionMNIST, .test, .init(repeating: 1000, count: 10)),
        (.cifar10, .train, .init(repeating: 5000, count: 10)), (.cifar10, .test, .init(repeating: 1000, count: 10)),
    ]

    @Test("every image is there with the published number of each label")
    func opensAll() async throws {
        try await withWorkplace { place in
            for (dataset, split, counts) in Self.cases {
                var location = place.location()
                location.environment["LOCKSTEP_DATA"] = realData
                let images = try await LabelledImages.open(
                    dataset, split: split, in: location, report: place.notices.add)
                var found = [Int](repeating: 0, count: 10)
                for index in 0..<images.count { found[images.label(at: index)] += 1 }
                #expect(found == counts && !images.isSynthetic)
            }
            #expect(place.notices.lines.count { $0.hasPrefix("unpacking ") } == 9)

            // With a full cache nothing is unpacked, and no other folder is needed.
            for (dataset, split, counts) in Self.cases {
                let images = try await LabelledImages.open(
                    dataset, split: split, in: place.location(), report: place.notices.add)
                #expect(images.count == counts.reduce(0, +))
            }
            #expect(place.notices.lines.count == 9)
        }
    }

    @Test("the files of one data set are not taken for those of another")
    func tellsApart() async throws {
        let folder = try #require(realData)
        try await withWorkplace { place in
            let error = try await datasetError {
                try await LabelledImages.open(
                    .fashionMNIST, split: .test, in: place.location(folder + "/mnist"), report: place.notices.add)
            }
            #expect(error.code == .wrongChecksum)
            #expect(error.description.contains("It is t10k-images-idx3-ubyte of MNIST"))
        }
    }
}
