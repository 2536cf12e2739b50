import Foundation

/// Another process of this machine, as the system sees it.
struct NeighbourProcess: Sendable {
    enum State: Hashable, Sendable {
        case running
        /// By SIGSTOP or a terminal.
        case stopped
        /// By a debugger.
        case traced
        /// In a system call that cannot be interrupted, such as to a disk or a network file system.
        case waitingForDisk
        /// With a signal, where that is known.
        case killed(signal: Int32?)
        case exited(code: Int32)
        /// Nothing is known but that it is no longer there.
        case gone

        var hasEnded: Bool {
            switch self {
            case .killed, .exited, .gone: true
            case .running, .stopped, .traced, .waitingForDisk: false
            }
        }

        /// A word that ranks of other machines are told; nil for one that runs.
        var word: String? {
            switch self {
            case .running, .waitingForDisk: nil
            case .stopped: "stopped"
            case .traced: "traced"
            case .killed, .exited, .gone: "gone"
            }
        }

        /// The state of a word that a rank of another machine has told.
        init?(word: String) {
            switch word {
            case "stopped": self = .stopped
            case "traced": self = .traced
            case "gone": self = .gone
            default: return nil
            }
        }
    }

    let pid: pid_t
    /// Tells a process apart from a later one with the same number.
    private let startTime: Substring?

    init(_ pid: pid_t) {
        self.pid = pid
        startTime = Self.fields(pid).flatMap { $0.count > Field.startTime ? $0[Field.startTime] : nil }
    }

    /// Where the fields of `/proc/<pid>/stat` stand, counted from the state.
    private enum Field {
        static let state = 0
        static let startTime = 19
        static let exitCode = 49
    }

    /// What it is doing at the moment; takes a few microseconds.
    var state: State {
        guard let fields = Self.fields(pid), fields.count > Field.startTime, fields[Field.startTime] == startTime else {
            return .gone
        }
        switch fields[Field.state] {
        case "T": return .stopped
        case "t": return .traced
        case "D": return .waitingForDisk
        case "Z", "X":
            // A wait status; 0 where this process may not know it.
            guard fields.count > Field.exitCode, let status = Int32(fields[Field.exitCode]) else { return .gone }
            return status & 0x7f != 0 ? .killed(signal: status & 0x7f) : .exited(code: status >> 8 & 0xff)
        default: return .running
        }
    }

    /// The fields after the name, which stands in parentheses and may hold any character.
    private static func fields(_ pid: pid_t) -> [Substring]? {
        let file = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(file, &bytes, bytes.count)
        guard count > 0, let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        return String(decoding: bytes[(end + 1)..<count], as: UTF8.self)
            .split(whereSeparator: { $0 == " " || $0 == "\n" })
    }
}
