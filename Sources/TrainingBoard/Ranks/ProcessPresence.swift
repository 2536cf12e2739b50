import Foundation
import Glibc
import RunFiles

/// Whether a rank's process exists.
enum ProcessPresence: Sendable, Equatable {
    case exists
    case gone
    /// It runs elsewhere, or did not say where.
    case unknown

    /// Looks for the process of a rank that started on this host.
    ///
    /// A process that is newer than the rank has only got its number.
    static func of(_ start: RankStart?) -> ProcessPresence {
        guard let start, let pid = start.pid, pid > 0, start.host == hostName, !hostName.isEmpty else {
            return .unknown
        }
        // The kernel tells a process that may not be asked from one that does not exist.
        guard let number = pid_t(exactly: pid), kill(number, 0) == 0 || errno == EPERM else { return .gone }
        guard let process = startOfProcess(pid) else { return .exists }
        if process.isDead { return .gone }
        return process.time > (start.time ?? .infinity) + 2 ? .gone : .exists
    }

    /// This host's name, as ranks write it.
    static let hostName: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    private static let bootTime: Double? = {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) }
    }()

    /// When a process started, in seconds since 1970, and whether it has ended and only waits to be collected.
    private static func startOfProcess(_ pid: Int) -> (time: Double, isDead: Bool)? {
        guard let bootTime, let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return nil }
        // The fields behind the name begin with the third; the start is the twenty-second.
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        return (bootTime + ticks / Double(sysconf(Int32(_SC_CLK_TCK))), fields[0] == "Z" || fields[0] == "X")
    }
}
