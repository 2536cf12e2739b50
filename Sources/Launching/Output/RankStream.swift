/// A stream of a rank, on its way to one of the launcher's and to a log.
struct RankStream: Sendable {
    /// How it is passed on.
    enum Form: Sendable, Hashable {
        /// In whole lines with the rank in front.
        case prefixed
        /// In whole lines, as they are.
        case lines
        /// At once and as it is, for a terminal.
        case unchanged
    }

    let rank: Int
    let source: Descriptor
    let target: Int32
    let form: Form
    private(set) var log: RankLog?
    private var cursor = CursorWatch()
    /// The last lines, where they are kept.
    private(set) var tail: LineTail?
    private let prefix: [UInt8]
    private var splitter = LineSplitter()
    /// Of a line that has not ended, for ``Form/lines``.
    private var carried: [UInt8] = []

    /// A stream of a rank.
    ///
    /// - Parameters:
    ///   - rank: who writes.
    ///   - source: the end to read.
    ///   - target: the launcher's stream.
    ///   - form: how it is passed on.
    ///   - log: where it is kept too.
    ///   - keepsTail: whether the last lines are wanted.
    init(_ rank: Int, from source: Descriptor, to target: Int32, _ form: Form, log: RankLog?, keepsTail: Bool) {
        self.rank = rank
        self.source = source
        self.target = target
        self.form = form
        self.log = log
        tail = keepsTail ? LineTail() : nil
        prefix = Array("[rank \(rank)] ".utf8)
    }

    /// Takes the next bytes in, and returns what they allow to be passed on.
    mutating func output(adding bytes: ArraySlice<UInt8>) -> [UInt8] {
        log?.write(bytes)
        var lines: [UInt8] = []
        if form == .prefixed || tail != nil {
            splitter.append(bytes) { [form, prefix] line, end in
                if form == .prefixed { Self.add(line, end, prefix, to: &lines) }
                tail?.keep(line, end)
            }
        }
        switch form {
        case .prefixed: return lines
        case .unchanged:
            cursor.append(bytes)
            return Array(bytes)
        case .lines:
            let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.startIndex
            if end > bytes.startIndex {
                lines = carried + bytes[..<end]
                carried.removeAll(keepingCapacity: true)
            }
            carried += bytes[end...]
            if carried.count >= LineSplitter.maximumLength {
                lines += carried
                carried.removeAll()
            }
            return lines
        }
    }

    /// Whether the rank has hidden the cursor of its terminal.
    var hidesCursor: Bool { cursor.isHidden }

    /// What has come since the last line end; nothing follows.
    mutating func rest() -> [UInt8] {
        var lines = carried
        carried = []
        splitter.finish { [form, prefix] line, end in
            if form == .prefixed { Self.add(line, end, prefix, to: &lines) }
            tail?.keep(line, end)
        }
        tail?.finish()
        return lines
    }

    private static func add(
        _ line: ArraySlice<UInt8>, _ end: LineSplitter.End, _ prefix: [UInt8], to lines: inout [UInt8]
    ) {
        // Where a line begins with the carriage return, nothing stands before it.
        if line.isEmpty, end == .carriageReturn { return }
        lines += prefix
        lines += line
        lines.append(UInt8(ascii: "\n"))
    }
}
