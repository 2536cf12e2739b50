/// The TCP sockets of this process's network namespace, from `/proc/net/tcp` and `/proc/net/tcp6`.
struct TCPTable: Sendable {
    /// One socket.
    struct Row: Hashable, Sendable {
        let address: IPAddress
        let port: Int
        let state: State
        /// The number under which processes hold the socket; 0 once none does.
        let inode: UInt64
    }

    /// A state of TCP that matters here.
    enum State: Hashable, Sendable {
        case established, listening, other
    }

    let rows: [Row]

    /// The table now; empty where the system shows none.
    static var current: TCPTable {
        TCPTable(["/proc/net/tcp", "/proc/net/tcp6"].compactMap { ProcessFile.text(of: $0) }.joined(separator: "\n"))
    }

    /// The table that such a file holds.
    init(_ text: String) {
        rows = text.split(separator: "\n").compactMap(Self.row)
    }

    /// Reads `0: 0100007F:2329 00000000:0000 0A 00000000:00000000 00:00000000 00000000 1000 0 34567 …`.
    private static func row(_ line: Substring) -> Row? {
        let fields = line.split(separator: " ")
        guard fields.count >= 10, let inode = UInt64(fields[9]) else { return nil }
        let local = fields[1].split(separator: ":")
        guard local.count == 2, let port = Int(local[1], radix: 16), let address = address(local[0]) else { return nil }
        let state: State =
            switch fields[3] {
            case "01": .established
            case "0A": .listening
            default: .other
            }
        return Row(address: address, port: port, state: state, inode: inode)
    }

    /// An address of one or four words of 32 bits, each printed as a number of this machine.
    private static func address(_ digits: Substring) -> IPAddress? {
        guard digits.count == 8 || digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var rest = digits
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            bytes += withUnsafeBytes(of: word) { Array($0) }
            rest = rest.dropFirst(8)
        }
        return IPAddress(networkOrder: bytes)
    }
}
