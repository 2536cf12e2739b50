import DatasetFiles
import Foundation
import Testing

@Suite("Files that the user placed")
struct PlacedFilesTests {
    @Test(
        "files are found in the folder, below it by name, and in torchvision's arrangement",
        arguments: ["", "/tiny", "/Tiny/raw"], [true, false])
    func findsFiles(below: String, isPacked: Bool) async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            let folder = place.folder + "/mine"
            try writeFiles(isPacked ? tiny.archives : tiny.contents, into: folder + below)
            for split in DatasetSplit.allCases {
                let images = try await place.open(tiny, split, in: place.location(folder))
                #expect(images.count == (split == .train ? 40 : 10))
                #expect(images.paths.allSatisfy { $0.hasPrefix(isPacked ? place.datasets : folder) })
            }
            var byVariable = place.location()
            byVariable.environment["LOCKSTEP_DATA"] = folder
            #expect(try await place.open(tiny, in: byVariable).allPixels == tiny.trainingImages)
            var shared = place.location()
            shared.sharedDirectory = folder
            #expect(try await place.open(tiny, in: shared).allPixels == tiny.trainingImages)
        }
    }

    @Test("the bytes of IDX files lie one after the other")
    func isContiguous() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try writeFiles(tiny.contents, into: place.folder + "/mine")
            let images = try await place.open(tiny, in: place.location(place.folder + "/mine"))
            withExtendedLifetime(images) {
                #expect(images.contiguousPixels.map(Array.init) == tiny.trainingImages)
                #expect(images.contiguousLabels.map { $0.map(Int.init) } == tiny.trainingLabels)
                #expect(Array(images.pixels(at: 39)) == tiny.trainingImages.suffix(784))
            }
        }
    }

    @Test("the user's folder comes before LOCKSTEP_DATA, and a compressed file is unpacked once")
    func order() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try writeFiles(tiny.contents, into: place.folder + "/first")
            try writeFiles(tiny.archives, into: place.folder + "/second")
            var location = place.location(place.folder + "/first")
            location.environment["LOCKSTEP_DATA"] = place.folder + "/second"
            let images = try await place.open(tiny, in: location)
            #expect(images.paths.allSatisfy { $0.hasPrefix(place.folder + "/first/") })

            location.directory = place.folder + "/nothing"
            for _ in 0..<2 { _ = try await place.open(tiny, in: location) }
            #expect(place.notices.lines.count { $0.hasPrefix("unpacking ") } == 2)
            #expect(place.notices.lines.contains { $0.contains("/nothing (--data-directory): no such folder") })
        }
    }

    @Test("an unpacked file is hashed once, and again when it changes")
    func hashesOnce() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            let folder = place.folder + "/mine"
            try writeFiles(tiny.contents, into: folder)
            _ = try await place.open(tiny, in: place.location(folder))
            #expect(place.cached().count { $0.hasPrefix("verified-") } == 2)

            // Same size, time of change put back by nobody: the stamp no longer holds.
            var changed = tiny.contents["train-images-idx3-ubyte", default: []]
            changed[5000] ^= 1
            try writeFiles(["train-images-idx3-ubyte": changed], into: folder)
            let error = try await datasetError { try await place.open(tiny, in: place.location(folder)) }
            #expect(error.code == .wrongChecksum)
        }
    }

    @Test("an unpacked file needs no cache")
    func needsNoCache() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try writeFiles(tiny.contents, into: place.folder + "/mine")
            try writeFiles(["cache": [1]], into: place.folder)
            let images = try await place.open(tiny, in: place.location(place.folder + "/mine"))
            #expect(images.allPixels == tiny.trainingImages)
            #expect(place.notices.lines.contains { $0.contains("verified at every start") })
        }
    }

    @Test(
        "records come from any archive of the same files, or from the unpacked folder",
        arguments: ["tiny-binary.tar.gz", "tiny-binary.tar.xz", "tiny-binary.tar", "folder", "files"])
    func findsRecords(form: String) async throws {
        let official = try TinyDataset.records()
        try await withWorkplace { place in
            let folder = place.folder + "/mine"
            switch form {
            case "folder": try writeFiles(official.contents, into: folder + "/tiny-batches-bin")
            case "files": try writeFiles(official.contents, into: folder)
            default: try writeFiles(TinyDataset.records(archive: form).archives, into: folder + "/tiny-records")
            }
            let train = try await place.open(official, in: place.location(folder))
            #expect(train.count == 20 && train.channels == 3 && train.height == 32 && train.width == 32)
            let all = official.contents["batch_1.bin", default: []] + official.contents["batch_2.bin", default: []]
            let records = (0..<20).map { all[($0 * 3073)..<(($0 + 1) * 3073)] }
            #expect(train.allPixels == records.flatMap { $0.dropFirst() })
            #expect(train.allLabels == records.map { Int($0[$0.startIndex]) })
            #expect(train.contiguousPixels == nil && train.contiguousLabels == nil)
            #expect(try await place.open(official, .test, in: place.location(folder)).count == 10)
        }
    }

    @Test("records are downloaded as one archive")
    func downloadsRecords() async throws {
        let tiny = try TinyDataset.records()
        try await withWorkplace { place in
            try await withServer(tiny) { server in
                let location = place.location(mirrors: [server.url])
                let train = try await place.open(tiny, in: location)
                let test = try await place.open(tiny, .test, in: location)
                #expect(train.count == 20 && test.count == 10)
                #expect(server.requests.count == 1)
                #expect(place.cached("tiny-records") == ["batch_1.bin", "batch_2.bin", "test_batch.bin"])
            }
        }
    }

    @Test("a missing program is named with its package", arguments: [("tar.xz", "xz-utils"), ("tar", "tar")])
    func namesMissingTool(suffix: String, package: String) async throws {
        let tiny = try TinyDataset.records()
        try await withWorkplace { place in
            try writeFiles(
                TinyDataset.records(archive: "tiny-binary." + suffix).archives, into: place.folder + "/mine")
            var location = place.location(place.folder + "/mine")
            location.environment["PATH"] = place.folder
            let error = try await datasetError { try await place.open(tiny, in: location) }
            #expect(error.code == .toolMissing)
            #expect(error.message.contains(package))
        }
    }
}
