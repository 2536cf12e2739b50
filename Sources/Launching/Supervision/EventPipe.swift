import Glibc

/// A pipe through which other threads and signal handlers wake a thread that waits in `poll`.
final class EventPipe: Sendable {
    /// What can be told: a kind and a number, in one write that the system keeps whole.
    struct Record: Sendable, Hashable {
        enum Kind: Int32 {
            /// The launcher got the signal with this number.
            case signal
            /// The process with this number has ended.
            case exit
            /// All that ranks wrote has been passed on.
            case outputDrained
            /// The rank with this number writes no more.
            case outputEnded
            /// Another machine's launcher has sent something.
            case node
        }

        private let rawKind: Int32
        let number: Int32

        init(_ kind: Kind, _ number: Int32 = 0) {
            rawKind = kind.rawValue
            self.number = number
        }

        var kind: Kind? { Kind(rawValue: rawKind) }

        /// The signal that asks the launcher to end, if this is one: any but a terminal's new size.
        var request: Int32? { kind == .signal && number != SIGWINCH ? number : nil }
    }

    private let reading: Descriptor
    private let writing: Descriptor

    init() throws {
        (reading, writing) = try Descriptor.pipe()
        reading.setNonblocking()
        writing.setNonblocking()
    }

    /// To be polled for input.
    var descriptor: Int32 { reading.number }

    /// For a signal handler.
    var writingDescriptor: Int32 { writing.number }

    /// Tells a record, from any thread.
    func post(_ record: Record) {
        while !Self.post(record, to: writing.number) {
            var request = pollfd(fd: writing.number, events: Int16(POLLOUT), revents: 0)
            _ = poll(&request, 1, -1)
        }
    }

    /// Writes a record if there is room; does nothing that a signal handler must not do.
    static func post(_ record: Record, to descriptor: Int32) -> Bool {
        var record = record
        return write(descriptor, &record, MemoryLayout<Record>.size) > 0
    }

    /// Waits until something has been told, or can be read from one of `sockets`, or it is `instant`.
    func wait(orFor sockets: [Int32], until instant: ContinuousClock.Instant?) {
        var requests = ([descriptor] + sockets).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let milliseconds = instant.map { (ContinuousClock.now.duration(to: $0) / .milliseconds(1)).rounded(.up) }
        _ = poll(&requests, nfds_t(requests.count), milliseconds.map { Int32(max(0, min($0, 1e6))) } ?? -1)
    }

    /// The records that have been told, in order.
    func records() -> [Record] {
        var all: [Record] = []
        var block = [Record](repeating: Record(.signal), count: 64)
        while true {
            let size = MemoryLayout<Record>.stride
            let count = read(reading.number, &block, block.count * size)
            guard count > 0 else { return all }
            all += block[..<(count / size)]
        }
    }
}
