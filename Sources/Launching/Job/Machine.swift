import Foundation

/// A machine, as reports tell of it.
package struct Machine: Codable, Sendable, Hashable {
    /// Its name.
    package let host: String
    /// The bytes of memory that processes here may use together; nil where the system does not say.
    package let memory: Int?

    /// The one that this process runs on.
    package static var current: Machine {
        var name = [CChar](repeating: 0, count: 256)
        let status = gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let information = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)
        let limit = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8)
        return Machine(
            host: status == 0 && !host.isEmpty ? host : "localhost",
            memory: memory(information: information ?? "", limit: limit ?? ""))
    }

    /// `MemTotal` of `/proc/meminfo`, or the limit of the control group where that is less.
    static func memory(information: String, limit: String) -> Int? {
        let total = information.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
            .flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 }
        let limit = Int(limit.filter { !$0.isWhitespace })
        return [total, limit].compactMap(\.self).min()
    }

    /// A number of bytes as `21.3 GB` or `340 MB`.
    package static func text(bytes: Int) -> String {
        if bytes < 1_000_000_000 { return "\(bytes / 1_000_000) MB" }
        let tenths = (bytes + 50_000_000) / 100_000_000
        return tenths % 10 == 0 ? "\(tenths / 10) GB" : "\(tenths / 10).\(tenths % 10) GB"
    }
}
