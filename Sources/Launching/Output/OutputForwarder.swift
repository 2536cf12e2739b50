import Files
import Glibc
import Synchronization

/// Passes on what ranks write to the launcher's own standard streams, and to their logs.
///
/// Rank 0's lines come as they are, the others' with the rank in front. One thread does it, so that lines stay whole,
/// and apart from the launcher's, so that a terminal that takes nothing holds up no signal.
final class OutputForwarder: Sendable {
    private let commands: EventPipe
    private let results = Mutex(Results())

    private struct Results {
        var lastLines: [Int: [String]] = [:]
        var isLineOpen = false
    }

    /// Starts to pass on; tells `events` when all ranks have ended and nothing is left.
    ///
    /// - Parameters:
    ///   - ranks: the ranks, none of which has ended.
    ///   - logs: a folder for all that they write; nil for none.
    ///   - canRedraw: whether lines can be rewritten in place on a terminal.
    ///   - events: what is told.
    /// - Throws: ``LaunchError``.
    init(of ranks: [RankProcess], logs: LogFolder?, canRedraw: Bool, telling events: EventPipe) throws {
        commands = try EventPipe()
        var streams: [RankStream] = []
        for rank in ranks {
            for source in rank.output.sources {
                let form: RankStream.Form = rank.rank > 0 ? .prefixed : source.isTerminal ? .unchanged : .lines
                streams.append(
                    RankStream(
                        rank.rank, from: source.reading, to: source.target, form,
                        log: try logs?.log(of: rank.rank, source.target),
                        keepsTail: source.target == STDERR_FILENO || rank.output.isMerged))
            }
        }
        try BackgroundThread.start { [self, streams] in
            var loop = ForwardingLoop(streams: streams, canRedraw: canRedraw)
            loop.run(until: commands) { rank, lines in results.withLock { $0.lastLines[rank] = lines } }
            let isLineOpen = loop.isErrorLineOpen
            results.withLock { $0.isLineOpen = isLineOpen }
            events.post(EventPipe.Record(.outputDrained))
        }
    }

    /// Passes on what is left of a rank that has ended, and waits for no more of it.
    func end(rank: Int) {
        commands.post(EventPipe.Record(.outputEnded, Int32(rank)))
    }

    /// The last lines of the standard error of ranks that have ended.
    var lastLines: [Int: [String]] { results.withLock { $0.lastLines } }

    /// Whether rank 0 has left a line without an end on standard error.
    var isLineOpen: Bool { results.withLock { $0.isLineOpen } }
}
