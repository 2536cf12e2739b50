import Files
import Glibc

/// What the thread does that passes ranks' output on.
struct ForwardingLoop {
    /// More than the system lets a pipe hold for ordinary users.
    private static let pipeCapacity = 1 << 20

    /// Those that have not ended.
    private var streams: [RankStream]
    /// The launcher's streams, by what they lead to, which may be the same.
    private let places: [Int32: Int]
    private var lines: [OpenLine]
    /// The launcher's streams that nobody reads any more.
    private var broken: Set<Int32> = []
    private var waitingFor: Set<Int>
    private var block = [UInt8](repeating: 0, count: 1 << 16)

    init(streams: [RankStream], canRedraw: Bool) {
        self.streams = streams
        waitingFor = Set(streams.map(\.rank))
        for stream in streams { stream.source.setNonblocking() }
        let isSame = OutputPlace(STDOUT_FILENO) == OutputPlace(STDERR_FILENO)
        places = [STDOUT_FILENO: 0, STDERR_FILENO: isSame ? 0 : 1]
        lines = [STDOUT_FILENO, STDERR_FILENO].map { OpenLine(canRedraw: canRedraw && isatty($0) == 1) }
    }

    /// Whether what is written to standard error next would stand behind something.
    var isErrorLineOpen: Bool { lines[place(of: STDERR_FILENO)].isOpen }

    /// Runs until `commands` has told the end of each rank.
    mutating func run(until commands: EventPipe, onTail: (_ rank: Int, _ lastLines: [String]) -> Void) {
        while !waitingFor.isEmpty {
            var requests = ([commands.descriptor] + streams.map(\.source.number))
                .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&requests, nfds_t(requests.count), -1) > 0 else { continue }
            var ended: [Int] = []
            for index in streams.indices where requests[index + 1].revents != 0 {
                if !pass(from: index, atMost: block.count) { ended.append(index) }
            }
            for index in ended.reversed() { end(index, onTail) }
            for record in commands.records() where record.kind == .outputEnded { drain(Int(record.number), onTail) }
        }
    }

    /// Passes on what a rank has written before its end; others that hold its pipes are not waited for.
    private mutating func drain(_ rank: Int, _ onTail: (Int, [String]) -> Void) {
        for index in streams.indices.reversed() where streams[index].rank == rank {
            _ = pass(from: index, atMost: Self.pipeCapacity)
            end(index, onTail)
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
                let output = streams[index].output(adding: block[..<count])
                write(output, of: streams[index])
            } else if count < 0, errno == EINTR {
                continue
            } else {
                return count < 0 && errno == EAGAIN
            }
        }
        return true
    }

    private mutating func end(_ index: Int, _ onTail: (Int, [String]) -> Void) {
        var stream = streams.remove(at: index)
        write(stream.rest(), of: stream)
        // A rank that was stopped has not put its terminal in order.
        if stream.hidesCursor { _ = CursorWatch.show.withUnsafeBytes { OpenDescriptor.write($0, to: stream.target) } }
        if let tail = stream.tail { onTail(stream.rank, tail.lines) }
    }

    private func place(of target: Int32) -> Int { places[target, default: 0] }

    private mutating func write(_ output: [UInt8], of stream: RankStream) {
        let target = stream.target
        guard !output.isEmpty, !broken.contains(target) else { return }
        let place = place(of: target)
        let bytes =
            stream.form == .prefixed
            ? lines[place].bytes(inserting: output) : lines[place].bytes(adding: output[...], of: Int(target))
        guard let failure = bytes.withUnsafeBytes({ OpenDescriptor.write($0, to: target) }) else { return }
        broken.insert(target)
        // A reader that has gone, as `head` does, wants no more; a full disk is worth a word.
        if failure.number != EPIPE {
            let name = target == STDOUT_FILENO ? "standard output" : "standard error"
            StandardError.write("the ranks' \(name) cannot be passed on any more: \(failure.text)")
        }
    }
}
