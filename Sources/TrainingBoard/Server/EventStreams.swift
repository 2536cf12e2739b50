import Foundation
import Hummingbird
import Synchronization

/// Server-sent events: what changes in the list of runs, four times a second at most.
///
/// Nothing waits in line for a client. Each asks for what has changed since it last took something, so that a slow one
/// gets fewer and larger events.
final class EventStreams: Sendable {
    /// So many pages follow at once.
    static let mostStreams = 32
    private static let interval = Duration.milliseconds(250)
    /// After this many seconds without news a stream says that it is there.
    private static let heartbeat = 5.0

    private let open = Mutex(0)
    /// Tells revisions of this process from those of an earlier one.
    private let origin = String(UInt32.random(in: .min ... .max), radix: 36)

    /// How many pages follow.
    var count: Int { open.withLock { $0 } }

    /// The id of an event that brings a page up to a revision.
    func id(_ revision: Int) -> String { "\(origin)-\(revision)" }

    /// The revision of an id; nil where it is of another process.
    func revision(_ id: String?) -> Int? {
        guard let parts = id?.split(separator: "-"), parts.count == 2, parts[0] == origin else { return nil }
        return Int(parts[1])
    }

    /// The stream that a request opens.
    func response(to request: Request, _ store: RunStore) -> Response {
        let isFree = open.withLock { open in
            guard open < Self.mostStreams else { return false }
            open += 1
            return true
        }
        guard isFree else {
            return .problem(.serviceUnavailable, "\(Self.mostStreams) pages follow this board already: close one.")
        }
        let place = Place(self)
        let query = BoardQuery(request.uri.query)
        let start = revision(request.headers[.lastEventID] ?? query["last"])
        let watched = query.all("watch").prefix(BoardRoutes.mostRuns)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8"],
            body: ResponseBody { [self] writer in
                defer { place.leave() }
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await write(store, from: start, watched: Array(watched), to: &writer)
                }
            })
    }

    private func write(
        _ store: RunStore, from start: Int?, watched: [String], to writer: inout any ResponseBodyWriter
    ) async throws {
        var revision = start
        var written = 0.0
        try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
        while true {
            let now = Date().timeIntervalSince1970
            await store.noteInterest(now)
            for run in watched { await store.watch(run, now) }
            let changes = await store.changes(since: revision)
            if changes.isWhole || !changes.rows.isEmpty || !changes.removed.isEmpty {
                try await writer.write(event(changes, now))
                written = now
            } else if now - written >= Self.heartbeat {
                try await writer.write(ByteBuffer(string: "event: beat\ndata: {\"now\":\(now)}\n\n"))
                written = now
            }
            revision = changes.revision
            try await Task.sleep(for: Self.interval)
        }
    }

    private func event(_ changes: RunStore.Changes, _ now: Double) -> ByteBuffer {
        let data: JSON = [
            "now": .number(now), "whole": .flag(changes.isWhole), "rows": .list(changes.rows.map { JSON($0) }),
            "removed": JSON(changes.removed),
        ]
        var buffer = ByteBuffer(string: "id: \(id(changes.revision))\nevent: runs\ndata: ")
        buffer.writeBytes(data.bytes)
        buffer.writeString("\n\n")
        return buffer
    }

    /// A place among the streams, which is given back once, also where the body is never written.
    private final class Place: Sendable {
        private let isTaken = Mutex(true)
        private let streams: EventStreams

        init(_ streams: EventStreams) { self.streams = streams }

        deinit { leave() }

        func leave() {
            let wasTaken = isTaken.withLock { taken in
                defer { taken = false }
                return taken
            }
            if wasTaken { streams.open.withLock { $0 -= 1 } }
        }
    }
}
