import DatasetFiles
import Foundation
import Testing

@Suite("Synthetic images")
struct SyntheticImagesTests {
    @Test("they stand in when everything else failed, and one line says so and why")
    func standIn() async throws {
        try await withWorkplace { place in
            try await withServer(try TinyDataset.idx(), ["*": [.status(403)]]) { server in
                var location = place.location(mirrors: [server.url])
                location.allowsSynthetic = true
                location.syntheticSeed = 7
                let images = try await LabelledImages.open(
                    .mnist, split: .test, in: location, report: place.notices.add)
                #expect(images.isSynthetic && images.count == 1000)
                #expect(images.paths.allSatisfy { $0.hasPrefix(place.datasets + "/synthetic-mnist-7/") })
                #expect(place.notices.progress.isEmpty)
                let line = try #require(place.notices.lines.last)
                #expect(line.hasPrefix("synthetic images in place of MNIST (seed 7)") && line.contains("403"))
                #expect(!line.contains("\n"))
            }
        }
    }

    @Test("they stand in for both splits or for none")
    func neverMix() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            let training = tiny.contents.filter { $0.key.hasPrefix("train") }
            try writeFiles(training, into: place.folder + "/mine")
            var location = place.location(place.folder + "/mine")
            location.allowsSynthetic = true
            let images = try await LabelledImages.open(tiny.description, in: location, report: place.notices.add)
            #expect(images.train.isSynthetic && images.test.isSynthetic)
            try writeFiles(tiny.contents, into: place.folder + "/mine")
            let real = try await LabelledImages.open(tiny.description, in: location, report: place.notices.add)
            #expect(!real.train.isSynthetic && !real.test.isSynthetic)
            #expect(real.train.allPixels == tiny.trainingImages && real.test.count == 10)
        }
    }

    @Test("they never hide that a file of the user is damaged")
    func doNotHideDamage() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try writeFiles(tiny.contents.mapValues { $0.dropLast() }, into: place.folder + "/mine")
            var location = place.location(place.folder + "/mine")
            location.allowsSynthetic = true
            #expect(try await datasetError { try await place.open(tiny, in: location) }.code == .truncated)
        }
    }

    @Test("they are a pure function of name, split and seed")
    func areDeterministic() throws {
        func digest(_ dataset: DatasetDescription, _ split: DatasetSplit, _ seed: UInt64) throws -> [String] {
            try withFolder { folder in
                let paths = try SyntheticImages(like: dataset, seed: seed).write(split, into: folder)
                return try dataset.fileNames(of: split).map { sha256(try bytesOfFile(paths[$0] ?? "")) }
            }
        }
        let first = try digest(.mnist, .test, 0)
        #expect(try digest(.mnist, .test, 0) == first)
        let others = try [digest(.mnist, .test, 1), digest(.fashionMNIST, .test, 0), digest(.mnist, .train, 0)]
        for other in others { #expect(other[0] != first[0]) }
        // The definition is part of what is documented: these bytes may not change.
        #expect(first[0] == "17047d1caeb0718e8f996897060ba2d60d93da0d58163eb7d4c8b7a7644460f5")
        let records = try digest(.cifar10, .test, 0)
        #expect(records == ["da9bffd4edf901c5d612a9dac18472e45e8910064e25efaafb4d001789a10a68"])
    }

    @Test("the nearest class mean of the training images names nine of ten test images")
    func areLearnable() async throws {
        try await withWorkplace { place in
            var location = place.location()
            location.allowsSynthetic = true
            let train = try await LabelledImages.open(.mnist, split: .train, in: location, report: place.notices.add)
            let test = try await LabelledImages.open(.mnist, split: .test, in: location, report: place.notices.add)
            let (trainBytes, testBytes) = (train.allPixels, test.allPixels)
            var means = [[Int]](repeating: [Int](repeating: 0, count: 784), count: 10)
            for index in 0..<1000 {
                let label = train.label(at: index)
                for position in 0..<784 { means[label][position] += Int(trainBytes[index * 784 + position]) }
            }
            let right = (0..<300).count { index in
                let distances = means.map { mean in
                    (0..<784).reduce(0) { sum, position in
                        let difference = mean[position] / 100 - Int(testBytes[index * 784 + position])
                        return sum + difference * difference
                    }
                }
                return distances.indices.min { distances[$0] < distances[$1] } == test.label(at: index)
            }
            #expect(train.count == 6000)
            #expect(right >= 270)
            #expect((0..<10).allSatisfy { label in (0..<1000).count { test.label(at: $0) == label } == 100 })
        }
    }

    @Test("records of colour images are written and opened like the real ones")
    func writesRecords() async throws {
        try await withWorkplace { place in
            var location = place.location()
            location.allowsSynthetic = true
            let test = try await LabelledImages.open(.cifar10, split: .test, in: location, report: place.notices.add)
            #expect(test.count == 1000 && test.channels == 3 && test.isSynthetic)
            #expect(SyntheticImages(like: .cifar10).count(of: .train) == 5000)
        }
    }

    @Test("an image that is read is the mapped one, and a file that became shorter is an error that names it")
    func reads() async throws {
        try await withWorkplace { place in
            var location = place.location()
            location.allowsSynthetic = true
            let test = try await LabelledImages.open(.cifar10, split: .test, in: location, report: place.notices.add)
            var memory = [UInt8](repeating: 0, count: test.imageByteCount)
            for index in [0, 1, 500, 999] {
                let read = try memory.withUnsafeMutableBytes { Array(try test.pixels(at: index, reading: $0)) }
                #expect(read == withExtendedLifetime(test) { Array(test.pixels(at: index)) })
            }
            let path = try #require(test.paths.first)
            try #require(truncate(path, 3000) == 0)
            let error = try await datasetError {
                try memory.withUnsafeMutableBytes { try test.pixels(at: 0, reading: $0).count }
            }
            #expect(error.message.contains("\(path) became shorter while it was read"), "\(error.message)")
        }
    }

    @Test("without permission nothing is generated")
    func needPermission() async throws {
        try await withWorkplace { place in
            let error = try await datasetError {
                try await LabelledImages.open(.mnist, split: .test, in: place.location(), report: place.notices.add)
            }
            #expect(error.code == .notFound)
        }
    }
}
