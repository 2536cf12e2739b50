import Foundation
import HTTPTypes
import Hummingbird
import RunFiles

/// What the board answers.
struct BoardRoutes: Sendable {
    let store: RunStore
    let access: BoardAccess
    let events: EventStreams

    /// So many curves are drawn at once.
    static let mostRuns = 32

    /// The answers by path.
    func router() -> Router<BoardContext> {
        let router = Router(context: BoardContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: BoardGate(access: access))
        router.get("/api/runs") { _, _ in await runs() }
        router.get("/api/run") { request, _ in try await run(BoardQuery(request.uri.query)) }
        router.get("/api/evaluation") { request, _ in try await evaluation(BoardQuery(request.uri.query)) }
        router.get("/api/curves") { request, _ in try await curves(BoardQuery(request.uri.query)) }
        router.get("/api/log") { request, _ in try await log(BoardQuery(request.uri.query)) }
        router.get("/api/download") { request, _ in try await download(BoardQuery(request.uri.query)) }
        router.get("/api/events") { request, _ in events.response(to: request, store) }
        router.get("/") { _, _ in try page("/") }
        router.get("/:file") { request, _ in try page(request.uri.path) }
        return router
    }

    private var now: Double { Date().timeIntervalSince1970 }

    private func page(_ path: String) throws -> Response {
        guard let file = BoardPage.file(path) else { throw HTTPError(.notFound, message: "There is no \(path).") }
        return Response(
            status: .ok, headers: [.contentType: file.type, .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }

    private func runs() async -> Response {
        await store.noteInterest(now)
        let changes = await store.changes(since: nil)
        return .json([
            "folder": .text(store.folder.path), "now": .number(now), "id": .text(events.id(changes.revision)),
            "rows": .list(changes.rows.map { JSON($0) }),
        ])
    }

    /// The name of a run that exists.
    private func name(_ query: BoardQuery) async throws -> String {
        guard let name = query["run"], await store.contains(name) else {
            throw HTTPError(.notFound, message: "There is no such run: \(query["run"] ?? "none was named").")
        }
        return name
    }

    private func run(_ query: BoardQuery) async throws -> Response {
        let now = now
        guard let detail = await store.detail(of: try await name(query), now) else { throw HTTPError(.notFound) }
        return .json(JSON(detail, now: now))
    }

    /// An evaluation with images is some megabytes long; one of this length is none.
    private static let longestEvaluation = 64 << 20

    private func evaluation(_ query: BoardQuery) async throws -> Response {
        let file = store.folder.open(try await name(query), ["evaluation.json"])
        let value = file.flatMap { SmallFile.value($0, limit: Self.longestEvaluation) }
        return .json(value.map { JSON(ClassifierEvaluation($0)) } ?? .null)
    }

    private func curves(_ query: BoardQuery) async throws -> Response {
        guard let metric = query["metric"] else { throw HTTPError(.badRequest, message: "Which metric? metric=loss") }
        let columns = min(max(query.whole("width") ?? 800, 1), 4096)
        let smoothing = min(max(query.number("smoothing") ?? 0, 0), 0.9999)
        var curves: [JSON] = []
        for name in query.all("run").prefix(Self.mostRuns) {
            guard let series = await store.metrics(of: name, now)?[metric] else { continue }
            let range = series.range(from: query.whole("from"), to: query.whole("to"))
            let curve = Curve(series, range, columns: columns)
            let smoothed = smoothing > 0 ? Curve(series.smoothed(smoothing), range, columns: columns) : nil
            curves.append(JSON(curve, run: name, metric: metric, smoothed: smoothed))
        }
        return .json(["curves": .list(curves)])
    }

    private func logFile(_ query: BoardQuery) async throws -> (name: LogName, file: OpenFile) {
        let run = try await name(query)
        guard let name = query["name"].flatMap(LogName.init), let file = store.folder.open(run, ["logs", name.text])
        else {
            throw HTTPError(.notFound, message: "There is no such log: \(query["name"] ?? "none was named").")
        }
        return (name, file)
    }

    private func log(_ query: BoardQuery) async throws -> Response {
        let tail = LogTail(try await logFile(query).file, after: query.whole("after"))
        return .json([
            "size": .whole(tail.size), "from": .whole(tail.range.lowerBound), "to": .whole(tail.range.upperBound),
            "text": .text(tail.text),
        ])
    }

    private func download(_ query: BoardQuery) async throws -> Response {
        let (name, file) = try await logFile(query)
        let size = file.size ?? 0
        let start = max(0, size - LogTail.mostDownloaded)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/plain; charset=utf-8",
                .contentDisposition: "attachment; filename=\"\(name.text).txt\"",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.read(size - start, at: start))))
    }
}
