import DatasetFiles
import Foundation
import Testing

@Suite("One cache for many processes")
struct SharedCacheTests {
    private static let images = "train-images-idx3-ubyte"

    @Test("of 8 processes one downloads each file once, and 7 say for whom they wait")
    func downloadsOnce() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, isGated: true) { server in
                let probes = try (0..<8).map { _ in try Probe(tiny, in: place, mirrors: [server.url]) }
                defer { probes.forEach { $0.killAtOnce() } }
                let waiting = "waiting for the download of Tiny by pid "
                try await waitUntil("7 waiting processes") {
                    try probes.count { try $0.notices().contains(waiting) } == 7
                }
                server.openGate()
                for probe in probes {
                    let isFine = try await probe.succeeds()
                    #expect(isFine)
                }

                let paths = server.requests.map(\.path).sorted()
                #expect(paths == ["/\(Self.images).gz", "/train-labels-idx1-ubyte.gz"])
                let results = Set(try probes.map { try $0.result() })
                #expect(results.count == 1 && results.first?.hasPrefix("40 ") == true)
                let holder = try #require(probes.first { try !$0.notices().contains(waiting) })
                for probe in probes where probe.pid != holder.pid {
                    #expect(try probe.notices().contains("\(waiting)\(holder.pid)\n"))
                }
            }
        }
    }

    @Test("after kill -9 in the middle of a download the next process goes on from there")
    func survivesKill() async throws {
        let tiny = try TinyDataset.idx()
        let part = Int(Double(try #require(tiny.archives[Self.images + ".gz"]).count) * 0.4)
        try await withWorkplace { place in
            try await withServer(tiny, [Self.images + ".gz": [.stall(after: 0.4), .file]]) { server in
                let killed = try Probe(tiny, in: place, mirrors: [server.url])
                defer { killed.killAtOnce() }
                let partial = "\(place.datasets)/tiny/\(Self.images).gz.partial"
                try await waitUntil("40 % of the file") { (try? bytesOfFile(partial).count) == part }
                killed.killAtOnce()
                #expect(place.cached() == [Self.images + ".gz.partial"])

                let next = try Probe(tiny, in: place, mirrors: [server.url])
                let isFine = try await next.succeeds()
                #expect(isFine)
                #expect(server.requests.contains { $0.range == "bytes=\(part)-" })
                #expect(place.cached() == [Self.images, "train-labels-idx1-ubyte"])
            }
        }
    }

    @Test("a process takes over from one that is killed while it waits")
    func takesOver() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, [Self.images + ".gz": [.stall(after: 0.4), .file]]) { server in
                let first = try Probe(tiny, in: place, mirrors: [server.url])
                defer { first.killAtOnce() }
                try await waitUntil("the first request") { !server.requests.isEmpty }
                let second = try Probe(tiny, in: place, mirrors: [server.url])
                defer { second.killAtOnce() }
                try await waitUntil("the waiting") { try second.notices().contains("by pid \(first.pid)") }
                first.killAtOnce()
                let isFine = try await second.succeeds()
                #expect(isFine)
            }
        }
    }

    /// What a process that was killed at some byte can leave in the cache.
    static let leftovers: [(String, @Sendable (TinyDataset) -> [String: [UInt8]])] = [
        ("an empty partial file", { _ in [images + ".gz.partial": []] }),
        ("one byte", { [images + ".gz.partial": Array($0.archives[images + ".gz", default: []].prefix(1))] }),
        ("all but one byte", { [images + ".gz.partial": $0.archives[images + ".gz", default: []].dropLast()] }),
        ("all bytes", { [images + ".gz.partial": $0.archives[images + ".gz", default: []]] }),
        ("zeros after a power failure", { [images + ".gz.partial": $0.trainingImages.map { _ in 0 }] }),
        ("an archive not yet unpacked", { [images + ".gz": $0.archives[images + ".gz", default: []]] }),
        ("a short archive", { [images + ".gz": Array($0.archives[images + ".gz", default: []].prefix(999))] }),
        ("a file half unpacked", { ["unpacking-1-2/contents": Array($0.trainingImages.prefix(99))] }),
        ("one file of two", { [images: $0.contents[images, default: []]] }),
        ("a short final file", { [images: Array($0.contents[images, default: []].prefix(99))] }),
        ("a record of a dead process", { _ in [".lock": Array(#"{"pid":1,"host":"x","purpose":"y"}"#.utf8)] }),
    ]

    @Test("whatever a killed process left is repaired without help", arguments: leftovers.indices)
    func repairs(index: Int) async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            for (name, bytes) in Self.leftovers[index].1(tiny) {
                let path = URL(fileURLWithPath: "\(place.datasets)/tiny/\(name)")
                try writeFiles([path.lastPathComponent: bytes], into: path.deletingLastPathComponent().path)
            }
            try await withServer(tiny) { server in
                let opened = try await place.open(tiny, in: place.location(mirrors: [server.url]))
                #expect(opened.allPixels == tiny.trainingImages)
                #expect(place.cached() == [Self.images, "train-labels-idx1-ubyte"], "\(Self.leftovers[index].0)")
            }
        }
    }

    @Test("a file changed in the cache behind its size is fetched again")
    func repairsChangedFile() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny) { server in
                let location = place.location(mirrors: [server.url])
                _ = try await place.open(tiny, in: location)
                for name in [Self.images, "train-labels-idx1-ubyte"] {
                    let damaged = [UInt8](repeating: 0xFF, count: tiny.contents[name, default: []].count)
                    try writeFiles([name: damaged], into: place.datasets + "/tiny")
                    let opened = try await place.open(tiny, in: location)
                    #expect(opened.allPixels == tiny.trainingImages)
                    #expect(opened.allLabels == tiny.trainingLabels)
                }
                #expect(server.requests.count == 4)
            }
        }
    }

    @Test("those who waited get the failure of the one who tried, and ask no server again")
    func sharesFailure() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try await withServer(tiny, ["*": [.status(403)]], isGated: true) { server in
                let location = place.location(mirrors: [server.url])
                let tasks = (0..<8).map { _ in
                    Task { try await datasetError { try await place.open(tiny, in: location) } }
                }
                try await waitUntil("7 waiting tasks") {
                    place.notices.lines.count { $0.hasPrefix("waiting for the download of Tiny") } == 7
                }
                server.openGate()
                for task in tasks {
                    let error = try await task.value
                    #expect(error.message.contains("403"))
                }
                #expect(server.requests.count == 1)
                // A later start tries afresh.
                _ = try await datasetError { try await place.open(tiny, in: location) }
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test("a cache that cannot be made is an error with the remedy")
    func cannotUseCache() async throws {
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            try writeFiles(["cache": [1]], into: place.folder)
            try writeFiles(tiny.archives, into: place.folder + "/mine")
            let location = place.location(place.folder + "/mine")
            let error = try await datasetError { try await place.open(tiny, in: location) }
            #expect(error.code == .cacheUnavailable)
            #expect(error.message.contains("XDG_CACHE_HOME") && error.message.contains(place.datasets))

            var homeless = place.location()
            homeless.environment = [:]
            #expect(try await datasetError { try await place.open(tiny, in: homeless) }.code == .cacheUnavailable)
        }
    }
}
