import Files
import Glibc

/// Passes on what ranks write, line by line and with the rank in front, to the launcher's own standard streams.
///
/// One thread does it, so that lines stay whole, and apart from the launcher's, so that a terminal that takes nothing
/// holds up no signal.
final class OutputForwarder: Sendable {
    private let commands: EventPipe
    private let tails: LineTails

    /// Starts to pass on; tells `events` when all ranks have ended and nothing is left.
    ///
    /// - Throws: ``LaunchError``.
    init(of ranks: [RankProcess], telling events: EventPipe) throws {
        let commands = try EventPipe()
        self.commands = commands
        let tails = LineTails()
        self.tails = tails
        var streams: [RankStream] = []
        for rank in ranks {
            guard let output = rank.output else { continue }
            streams.append(RankStream(rank.rank, from: output.standardOutput, to: STDOUT_FILENO))
            streams.append(RankStream(rank.rank, from: output.standardError, to: STDERR_FILENO, keeping: tails))
        }
        try BackgroundThread.start { [streams] in
            var loop = ForwardingLoop(streams: streams)
            loop.run(until: commands)
            events.post(EventPipe.Record(.outputDrained))
        }
    }

    /// Passes on what is left of a rank that has ended, and waits for no more of it.
    func end(rank: Int) {
        commands.post(EventPipe.Record(.outputEnded, Int32(rank)))
    }

    /// The last lines of the ranks' standard error.
    var lastLines: [Int: [String]] { tails.lines }
}

/// What the thread does that passes ranks' output on.
private struct ForwardingLoop {
    /// More than the system lets a pipe hold for ordinary users.
    private static let pipeCapacity = 1 << 20

    /// Those that have not ended.
    private var streams: [RankStream]
    /// The launcher's streams that nobody reads any more.
    private var broken: Set<Int32> = []
    private var waitingFor: Set<Int>
    private var block = [UInt8](repeating: 0, count: 1 << 16)

    init(streams: [RankStream]) {
        self.streams = streams
        waitingFor = Set(streams.map(\.rank))
        for stream in streams { stream.source.setNonblocking() }
    }

    /// Runs until `commands` has told the end of each rank.
    mutating func run(until commands: EventPipe) {
        while !waitingFor.isEmpty {
            var requests = ([commands.descriptor] + streams.map(\.source.number))
                .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&requests, nfds_t(requests.count), -1) > 0 else { continue }
            var ended: [Int] = []
            for index in streams.indices where requests[index + 1].revents != 0 {
                if !pass(from: index, atMost: block.count) { ended.append(index) }
            }
            for index in ended.reversed() { end(index) }
            for record in commands.records() where record.kind == .outputEnded { drain(rank: Int(record.number)) }
        }
    }

    /// Passes on what a rank has written before its end; others that hold its pipes are not waited for.
    private mutating func drain(rank: Int) {
        for index in streams.indices.reversed() where streams[index].rank == rank {
            _ = pass(from: index, atMost: Self.pipeCapacity)
            end(index)
        }
        waitingFor.remove(rank)
    }

    /// Passes on what has been written to a stream by now; false when it has ended.
    private mutating func pass(from index: Int, atMost limit: Int) -> Bool {
        var total = 0
        while total < limit {
            let count = read(streams[index].source.number, &block, block.count)
            if count > 0 {
                total += count
                write(streams[index].lines(adding: block[..<count]), to: streams[index].target)
            } else if count < 0, errno == EINTR {
                continue
            } else {
                return count < 0 && errno == EAGAIN
            }
        }
        return true
    }

    private mutating func end(_ index: Int) {
        var stream = streams.remove(at: index)
        write(stream.rest(), to: stream.target)
    }

    private mutating func write(_ lines: [UInt8], to target: Int32) {
        guard !lines.isEmpty, !broken.contains(target) else { return }
        guard let failure = lines.withUnsafeBytes({ OpenDescriptor.write($0, to: target) }) else { return }
        broken.insert(target)
        // A reader that has gone, as `head` does, wants no more; a full disk is worth a word.
        if failure.number != EPIPE {
            let name = target == STDOUT_FILENO ? "standard output" : "standard error"
            StandardError.write("the ranks' \(name) cannot be passed on any more: \(failure.text)")
        }
    }
}
