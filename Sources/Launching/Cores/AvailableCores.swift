import Foundation

/// How many cores this process may use: its affinity mask, and the quota of its control group.
package enum AvailableCores {
    /// The cores whose time this process gets: at least one.
    package static var count: Int { max(1, min(allowed, quota ?? .max)) }

    /// The cores that the affinity mask lets this process run on.
    package static var allowed: Int {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        return status.flatMap(affinity(from:)) ?? ProcessInfo.processInfo.activeProcessorCount
    }

    /// The cores whose time the control group grants; nil for no quota.
    package static var quota: Int? {
        (try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8)).flatMap(quota(from:))
    }

    /// The threads that each of a machine's ranks gets of the cores: at least one.
    package static func threadsPerRank(localWorldSize: Int, cores: Int = count) -> Int {
        max(1, cores / max(1, localWorldSize))
    }

    /// The cores of `Cpus_allowed_list` in `/proc/self/status`, such as `0-3,8`.
    static func affinity(from status: String) -> Int? {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed_list:") }) else {
            return nil
        }
        let ranges = line.drop { $0 != ":" }.dropFirst().split(separator: ",")
        let counts = ranges.map { range -> Int? in
            let ends = range.split(separator: "-").map { Int($0.filter(\.isNumber)) }
            guard let first = ends.first, let first, let last = ends.last, let last, last >= first else { return nil }
            return last - first + 1
        }
        return counts.contains(nil) || counts.isEmpty ? nil : counts.compactMap { $0 }.reduce(0, +)
    }

    /// The whole cores of `cpu.max` of control groups version 2: microseconds of a period; nil for no quota.
    static func quota(from text: String) -> Int? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), period > 0 else {
            return nil
        }
        return max(1, Int((quota / period).rounded(.up)))
    }
}
