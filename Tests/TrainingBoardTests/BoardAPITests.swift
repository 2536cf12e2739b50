import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import TrainingBoard

@Suite("What the board answers")
struct BoardAPITests {
    private let folder: BoardFolder
    private let store: RunStore

    init() throws {
        folder = try BoardFolder()
        store = RunStore(folder.runs)
    }

    /// The answers as an application without a network, which is asked as this machine.
    private func ask(_ path: String, method: HTTPRequest.Method = .get) async throws -> TestResponse {
        let routes = BoardRoutes(
            store: store, access: BoardAccess(token: "0123456789abcdef", isLoopback: false), events: EventStreams())
        return try await Application(router: routes.router()).test(.router) { client in
            try await client.execute(
                uri: path, method: method, headers: [.cookie: "lockstep-board-0=0123456789abcdef"], body: nil)
        }
    }

    private func object(_ path: String) async throws -> [String: Any] {
        let response = try await ask(path)
        try #require(response.status == .ok, "\(path): \(response.status)")
        return try #require(
            try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any])
    }

    @Test("the list has each run's program, state, last step, last loss and best accuracy")
    func runs() async throws {
        try folder.write(#"{"program":"toy","seed":1}"#, to: "a/config.json")
        try folder.write(BoardFolder.metrics(1...20) + #"{"step":20,"accuracy":0.5}"# + "\n", to: "a/metrics.jsonl")
        try folder.write(BoardFolder.start(0, of: 1) + BoardFolder.end("finished"), to: "a/ranks/rank-0.jsonl")
        try folder.write(#"{"step":1,"loss":"NaN"}"# + "\n", to: "b \"<b>/metrics.jsonl")
        await store.readAll()
        let rows = try #require(try await object("/api/runs")["rows"] as? [[String: Any]])
        #expect(rows.count == 2)
        #expect(rows[0]["name"] as? String == "a")
        #expect(rows[0]["program"] as? String == "toy")
        #expect(rows[0]["state"] as? String == "finished")
        #expect(rows[0]["step"] as? Int == 20)
        #expect(rows[0]["accuracy"] as? Double == 0.5)
        #expect(rows[0]["ranks"] as? Int == 1)
        #expect(rows[0]["metrics"] as? [String] == ["loss", "accuracy"])
        #expect(rows[1]["name"] as? String == "b \"<b>")
        #expect(rows[1]["loss"] as? String == "NaN")
    }

    @Test("curves of several runs come together, in the asked range and as wide as asked")
    func curves() async throws {
        try folder.write(BoardFolder.metrics(1...5000), to: "a/metrics.jsonl")
        try folder.write(BoardFolder.metrics(1...10), to: "b/metrics.jsonl")
        await store.readAll()
        let path = "/api/curves?metric=loss&run=a&run=b&run=none&width=50&from=5&to=4000&smoothing=0.9"
        let curves = try #require(try await object(path)["curves"] as? [[String: Any]])
        #expect(curves.map { $0["run"] as? String } == ["a", "b"])
        let steps = try #require(curves[0]["steps"] as? [Int])
        #expect(steps.first == 5 && steps.last == 4000 && steps.count <= 200)
        #expect(curves[0]["count"] as? Int == 3996)
        #expect((curves[0]["smoothed"] as? [String: Any])?["steps"] != nil)
        #expect(curves[1]["steps"] as? [Int] == [5, 6, 7, 8, 9, 10])
        #expect(try await ask("/api/curves?run=a").status == .badRequest)
        let wild = "/api/curves?metric=loss&run=a&width=-5&from=99999999999999999999&to=x&smoothing=7"
        #expect(try await ask(wild).status == .ok)
    }

    @Test("a run has its configuration, its ranks with their last words, and its logs")
    func run() async throws {
        try folder.write(#"{"program":"toy","odd":"</script>"}"#, to: "a/config.json")
        try folder.write(
            BoardFolder.start(0, of: 2) + BoardFolder.step(7) + BoardFolder.status(7), to: "a/ranks/rank-0.jsonl")
        // A process number that no process has.
        try folder.write(
            BoardFolder.start(1, of: 2, pid: 99_999_999) + BoardFolder.status(6), to: "a/ranks/rank-1.jsonl")
        try folder.write(BoardFolder.start(5, of: 9, at: 5), to: "a/ranks/rank-5.jsonl")
        try folder.write("first\n\n  out of <memory>\n", to: "a/logs/rank-1.err")
        try folder.write("not a rank's\n", to: "a/logs/other.txt")
        await store.readAll()
        let run = try await object("/api/run?run=a")
        #expect((run["configuration"] as? [String: Any])?["odd"] as? String == "</script>")
        let ranks = try #require(run["ranks"] as? [[String: Any]])
        #expect(ranks.map { $0["rank"] as? Int } == [0, 1])
        #expect(ranks.map { $0["state"] as? String } == ["running", "dead"])
        #expect(ranks[1]["lastWords"] as? [String] == ["first", "out of <memory>"])
        #expect(
            (ranks[0]["steps"] as? [[String: Any]])?.first?["phases"] as? [Double] == [
                0.0005, 0.002, 0.004, 0.003, 0.001, 0.0002,
            ])
        #expect((run["logs"] as? [[String: Any]])?.map { $0["name"] as? String } == ["rank-1.err"])
        #expect((run["run"] as? [String: Any])?["state"] as? String == "failed")
        #expect((run["run"] as? [String: Any])?["troubled"] as? [Int] == [1])
    }

    @Test("a configuration and an outcome that are no JSON are left out")
    func damaged() async throws {
        try folder.write("{not json", to: "a/config.json")
        try folder.write("{", to: "a/ranks/outcome.json")
        try folder.write("[1,2", to: "a/summary.json")
        await store.readAll()
        let run = try await object("/api/run?run=a")
        #expect(run["configuration"] is NSNull)
        #expect(run["failure"] is NSNull)
        #expect(run["summary"] is NSNull)
    }

    @Test("a run has its summary, unless it has started again since")
    func summary() async throws {
        let long = Date().timeIntervalSince1970 - 60
        try folder.write(BoardFolder.start(0, of: 1, at: long), to: "a/ranks/rank-0.jsonl")
        try folder.write(BoardFolder.summary(ranks: 2), to: "a/summary.json")
        await store.readAll()
        let summary = try #require(try await object("/api/run?run=a")["summary"] as? [String: Any])
        #expect(summary["steps"] as? Int == 1875 && summary["samplesPerSecond"] as? Double == 5990.5)
        let ranks = try #require(summary["ranks"] as? [[String: Any]])
        #expect(ranks.map { $0["host"] as? String } == ["machine-0", "machine-0"])
        #expect(ranks[1]["communication"] as? Double == 0.2 && ranks[1]["peakMemory"] as? Double == 1.55e9)
        try folder.append(BoardFolder.start(0, of: 1, at: long + 120), to: "a/ranks/rank-0.jsonl")
        await store.readAll()
        #expect(try await object("/api/run?run=a")["summary"] is NSNull)
    }

    @Test("an evaluation is told of by its version, and read when it is asked for")
    func evaluation() async throws {
        func version() async throws -> Int? {
            await store.readAll()
            return (try await object("/api/runs")["rows"] as? [[String: Any]])?.first?["evaluationVersion"] as? Int
        }
        func answer() async throws -> String {
            let response = try await ask("/api/evaluation?run=a")
            #expect(response.status == .ok)
            return String(buffer: response.body)
        }
        try folder.write(BoardFolder.metrics(1...3), to: "a/metrics.jsonl")
        #expect(try await version() == 0)
        #expect(try await answer() == "null")
        try folder.write(BoardFolder.evaluation(["cat", "<b>", ""]), to: "a/evaluation.json")
        #expect(try await version() == 1)
        #expect(try await version() == 1)
        let evaluation = try await object("/api/evaluation?run=a")
        #expect(evaluation["names"] as? [String] == ["cat", "<b>", "2"] && evaluation["step"] as? Int == 1875)
        #expect(evaluation["confusion"] as? [[Int]] == [[100, 0, 0], [0, 93, 0], [0, 0, 86]])
        let mistakes = try #require(evaluation["mistakes"] as? [[String: Any]])
        #expect(mistakes.map { $0["label"] as? String } == ["cat", "<b>", "<b>"])
        #expect((mistakes[1]["image"] as? [String: Any])?["pixels"] as? String == "ABQoPFBkeIygtMjc")
        #expect(mistakes[2]["image"] is NSNull && mistakes[2]["loss"] as? String == "Infinity")
        let run = try await ask("/api/run?run=a")
        #expect(!String(buffer: run.body).contains("confusion"))
        try folder.write(BoardFolder.evaluation(["cat", "dog"]), to: "a/new.json")
        #expect(rename("\(folder.path)/a/new.json", "\(folder.path)/a/evaluation.json") == 0)
        #expect(try await version() == 2)
        #expect(try await object("/api/evaluation?run=a")["names"] as? [String] == ["cat", "dog"])
        try folder.write("{", to: "a/evaluation.json")
        #expect(try await version() == 3)
        #expect(try await answer() == "null")
    }

    @Test("a log is followed from where it was, and its end can be downloaded")
    func logs() async throws {
        try folder.write("", to: "a/metrics.jsonl")
        try folder.write("one\n", to: "a/logs/rank-0.out")
        await store.readAll()
        let first = try await object("/api/log?run=a&name=rank-0.out")
        #expect(first["text"] as? String == "one\n")
        try folder.append("two <b>\n", to: "a/logs/rank-0.out")
        let second = try await object("/api/log?run=a&name=rank-0.out&after=4")
        #expect(second["text"] as? String == "two <b>\n")
        #expect(second["to"] as? Int == 12)
        let download = try await ask("/api/download?run=a&name=rank-0.out")
        #expect(String(buffer: download.body) == "one\ntwo <b>\n")
        #expect(download.headers[.contentType] == "text/plain; charset=utf-8")
        #expect(download.headers[.contentDisposition] == "attachment; filename=\"rank-0.out.txt\"")
    }

    @Test(
        "names that are no run's and no log's are refused",
        arguments: [
            "/api/run?run=..", "/api/run", "/api/evaluation?run=..", "/api/evaluation", "/api/run?run=a/../a",
            "/api/log?run=a&name=../config.json",
            "/api/log?run=a&name=rank-0.out/../../config.json", "/api/log?run=..&name=rank-0.out", "/api/log?run=a",
            "/api/download?run=a&name=config.json", "/%2e%2e/config.json", "/a/config.json", "/none.js",
            "/Page/main.js",
        ])
    func refused(path: String) async throws {
        try folder.write("{}", to: "a/config.json")
        await store.readAll()
        #expect(try await ask(path).status == .notFound)
    }

    @Test("the page is there whole, and names nothing that lies elsewhere")
    func page() async throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.pageFolder)
        #expect(names.count > 20)
        for name in names {
            let response = try await ask("/\(name)")
            #expect(response.status == .ok, "\(name)")
            let text = String(buffer: response.body)
            let bare = text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
            #expect(!bare.contains("http://") && !bare.contains("https://") && !bare.contains("innerHTML"), "\(name)")
        }
        let index = try await ask("/")
        #expect(index.headers[.contentType] == "text/html; charset=utf-8")
        #expect(index.headers[.contentSecurityPolicy]?.hasPrefix("default-src 'self'") == true)
        #expect(index.headers[.xContentTypeOptions] == "nosniff")
        #expect(try await ask("/", method: .head).body.readableBytes == 0)
    }

    private static let pageFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Sources/TrainingBoard/Page").standardizedFileURL.path

    @Test("only reading is allowed", arguments: [HTTPRequest.Method.post, .put, .delete, .patch])
    func methods(method: HTTPRequest.Method) async throws {
        let response = try await ask("/api/runs", method: method)
        #expect(response.status == .methodNotAllowed)
        #expect(response.headers[.allow] == "GET, HEAD")
    }

    @Test("what has changed since a revision is all that is told, and runs that went are named")
    func changes() async throws {
        for name in ["a", "b"] { try folder.write(BoardFolder.metrics(1...3), to: "\(name)/metrics.jsonl") }
        // A clock of the test's own: a run that nothing has been written of for long is another one, however slow a test is.
        let now = Date().timeIntervalSince1970
        await store.readAll(now)
        let all = await store.changes(since: nil)
        #expect(all.isWhole && all.rows.count == 2)
        #expect(await store.changes(since: all.revision).rows.isEmpty)
        try folder.append(BoardFolder.metrics(4...4), to: "b/metrics.jsonl")
        await store.readAll(now + 0.5)
        let some = await store.changes(since: all.revision)
        #expect(some.rows.map(\.name) == ["b"])
        #expect(some.rows.first?.digest.step == 4)
        try folder.remove("a")
        await store.readAll(now + 2)
        let last = await store.changes(since: some.revision)
        #expect(last.removed == ["a"])
        // A page that knows a later state than there is has spoken with another process.
        #expect(await store.changes(since: last.revision + 10).isWhole)
    }

    @Test("points of runs that nobody looks at are let go")
    func points() async throws {
        let small = RunStore(folder.runs, mostPoints: 1500)
        for name in ["a", "b", "c"] { try folder.write(BoardFolder.metrics(1...1000), to: "\(name)/metrics.jsonl") }
        await small.readAll()
        let now = Date().timeIntervalSince1970
        for (index, name) in ["a", "b", "c", "a"].enumerated() {
            let log = await small.metrics(of: name, now + Double(index))
            #expect(log?["loss"]?.count == 1000)
        }
        #expect(await small.pointCount == 1000)
    }
}
