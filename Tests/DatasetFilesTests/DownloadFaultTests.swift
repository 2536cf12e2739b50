import DatasetFiles
import Foundation
import Testing

@Suite("Downloads from servers with faults")
struct DownloadFaultTests {
    private static let images = "train-images-idx3-ubyte.gz"

    @Test("an empty cache is filled with one request a file, and later starts make none")
    func fillsTheCacheOnce() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny) { server in
                let location = place.location(mirrors: [server.url])
                let opened = try await place.open(tiny, in: location)
                #expect(opened.allPixels == tiny.trainingImages)
                #expect(opened.allLabels == tiny.trainingLabels)
                #expect(server.requests.map(\.path).sorted() == ["/" + Self.images, "/train-labels-idx1-ubyte.gz"])
                #expect(place.notices.progress.last { $0.file == Self.images }?.isComplete == true)

                _ = try await place.open(tiny, in: location)
                #expect(server.requests.count == 2)
                #expect(place.cached() == ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
            }
        }
    }

    @Test(
        "a mirror that cannot deliver is left for the next",
        arguments: [
            ([.status(403)], "403"), ([.status(404)], "404"), ([.redirectToPage], "web page"),
            ([.wrongBytes], "not those expected"), ([.status(503)], "503"), ([.stall(after: 0)], "2.0 seconds"),
        ] as [([FaultyServer.Answer], String)])
    func goesToTheNextMirror(answers: [FaultyServer.Answer], reason: String) async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, [Self.images: answers]) { bad in
                try await withServer(tiny) { good in
                    let opened = try await place.open(
                        tiny, in: place.location(mirrors: [bad.url, good.url], stallLimit: .seconds(2)))
                    #expect(opened.allPixels == tiny.trainingImages)
                    #expect(good.requests.contains { $0.path == "/" + Self.images })
                    #expect(place.notices.lines.contains { $0.contains(bad.url) && $0.contains(reason) })
                }
            }
        }
    }

    @Test(
        "a mirror that recovers is tried again",
        arguments: [
            [.status(503), .file], [.status(429), .status(500), .file], [.close(after: 0.4), .file],
            [.stall(after: 0.4), .file], [.close(after: 0.4), .close(after: 0.4), .close(after: 0.4), .file],
            [.close(after: 0.4), .fileIgnoringRange], [.fileWithoutLength],
        ] as [[FaultyServer.Answer]])
    func triesAgain(answers: [FaultyServer.Answer]) async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, [Self.images: answers]) { server in
                let opened = try await place.open(
                    tiny, in: place.location(mirrors: [server.url], stallLimit: .seconds(2)))
                #expect(opened.allPixels == tiny.trainingImages)
                #expect(server.requests.count { $0.path == "/" + Self.images } == answers.count)
            }
        }
    }

    @Test(
        "an interrupted download goes on where it ended",
        arguments: [.stall(after: 0.4), .close(after: 0.4)] as [FaultyServer.Answer])
    func resumes(first: FaultyServer.Answer) async throws {
        let tiny = try TinyDataset.idx()
        let size = try #require(tiny.archives[Self.images]).count
        try await withWorkplace { place in
            try await withServer(tiny, [Self.images: [first, .file]]) { server in
                _ = try await place.open(
                    tiny, in: place.location(mirrors: [server.url], stallLimit: .seconds(2)))
                let ranges = server.requests.filter { $0.path == "/" + Self.images }.map(\.range)
                #expect(ranges == [nil, "bytes=\(Int(Double(size) * 0.4))-"])
            }
        }
    }

    @Test("a mirror that always stalls is left, and the next goes on with the bytes that arrived")
    func resumesAtAnotherMirror() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, [Self.images: [.stall(after: 0.4), .stall(after: 0)]]) { bad in
                try await withServer(tiny) { good in
                    let opened = try await place.open(
                        tiny, in: place.location(mirrors: [bad.url, good.url], stallLimit: .seconds(2)))
                    #expect(opened.allPixels == tiny.trainingImages)
                    let request = try #require(good.requests.first { $0.path == "/" + Self.images })
                    #expect(request.range != nil)
                }
            }
        }
    }

    @Test("a slow mirror is left for another, and gone back to when there is no better", arguments: [true, false])
    func leavesSlowMirrors(hasBetter: Bool) async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, [Self.images: [.trickle, .file]]) { slow in
                try await withServer(tiny, [Self.images: [hasBetter ? .file : .status(403)]]) { other in
                    var location = place.location(mirrors: [slow.url, other.url])
                    location.downloads.slowPeriod = .milliseconds(200)
                    location.downloads.slowSpeed = 10_000_000
                    let opened = try await place.open(tiny, in: location)
                    #expect(opened.allPixels == tiny.trainingImages)
                    let last = hasBetter ? other.requests.first : slow.requests.last { $0.path == "/" + Self.images }
                    #expect(last?.range != nil)
                    #expect(place.notices.lines.contains { $0.contains("\(Self.images) is slow") })
                }
            }
        }
    }

    @Test("a redirect to another server is followed")
    func followsRedirects() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny) { other in
                try await withServer(tiny, ["*": [.redirect(other.url)]]) { server in
                    let opened = try await place.open(tiny, in: place.location(mirrors: [server.url]))
                    #expect(opened.allPixels == tiny.trainingImages)
                }
            }
        }
    }

    @Test("bytes left by an earlier run that are wrong are fetched anew", arguments: [0.1, 0.99, 1.0, 1.5])
    func replacesWrongPartial(part: Double) async throws {
        let tiny = try TinyDataset.idx()
        let size = try #require(tiny.archives[Self.images]).count
        try await withWorkplace { place in
            let wrong = [UInt8](repeating: 7, count: Int(Double(size) * part))
            try writeFiles([Self.images + ".partial": wrong], into: place.datasets + "/tiny")
            try await withServer(tiny) { server in
                let opened = try await place.open(tiny, in: place.location(mirrors: [server.url]))
                #expect(opened.allPixels == tiny.trainingImages)
            }
        }
    }

    @Test(
        "no file gets its final name unless its checksum matched",
        arguments: [.wrongBytes, .close(after: 0.4), .redirectToPage, .status(403)] as [FaultyServer.Answer])
    func neverPublishesWrongBytes(answer: FaultyServer.Answer) async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, ["*": [answer]]) { server in
                let error = try await datasetError {
                    try await place.open(tiny, in: place.location(mirrors: [server.url]))
                }
                #expect(error.code == .notFound)
                #expect(place.cached().allSatisfy { $0.hasSuffix(".partial") })
            }
        }
    }

    @Test("when nothing worked the error has all that is needed to place the files by hand")
    func namesEverything() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, ["*": [.status(403)]]) { first in
                try await withServer(tiny, ["*": [.redirectToPage]]) { second in
                    var location = place.location(place.folder + "/mine", mirrors: [first.url, second.url])
                    location.environment["LOCKSTEP_DATA"] = place.folder + "/other"
                    try writeFiles(["train-labels-idx1-ubyte": [1]], into: place.folder + "/other/tiny")
                    let error = try await datasetError { try await place.open(tiny, in: location) }
                    let archive = tiny.description.archives.filter { $0.file.name.hasPrefix("train") }
                    let parts =
                        archive.flatMap { [$0.file] + $0.contents }
                        .flatMap { [$0.name, "\($0.size) bytes", "\($0.checksum)"] }
                    for part in parts + [
                        place.folder + "/mine", place.folder + "/other", "lacks train-images-idx3-ubyte",
                        place.datasets,
                        first.url, "403", second.url, "web page", "--data-directory", "LOCKSTEP_DATA",
                    ] {
                        #expect(error.message.contains(part), "\(part)")
                    }
                }
            }
        }
    }

    @Test("a host that refuses is passed over at once")
    func passesOverDeadHosts() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            let gone = try FaultyServer(files: [:])
            gone.stop()
            try await withServer(tiny) { server in
                let opened = try await place.open(tiny, in: place.location(mirrors: [gone.url, server.url]))
                #expect(opened.count == 40)
                #expect(place.notices.lines.contains { $0.contains("refuses the connection") })
            }
        }
    }

    @Test("with downloads switched off no server is asked")
    func staysOffline() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny) { server in
                var location = place.location(mirrors: [server.url])
                location.allowsDownload = false
                let error = try await datasetError { try await place.open(tiny, in: location) }
                #expect(error.code == .notFound)
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test("a cancelled task ends the download and keeps what arrived")
    func cancels() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, [Self.images: [.stall(after: 0.4)]]) { server in
                let location = place.location(mirrors: [server.url])
                let task = Task { try await place.open(tiny, in: location).count }
                try await waitUntil("the first bytes") { !place.notices.progress.isEmpty }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(place.cached() == [Self.images + ".partial"])
            }
        }
    }
}
