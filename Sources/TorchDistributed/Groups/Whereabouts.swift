import Foundation

/// What tells apart the processes that can share memory from those that cannot.
enum Whereabouts {
    /// The running system, and the containers that this process is in: the same text on all processes of a machine that
    /// reach each other's sockets and files in memory.
    static let ofThisProcess: String = {
        let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
        let spaces = ["net", "pid", "user"].map { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(name)")) ?? ""
        }
        // What cannot be told is taken to differ.
        guard !boot.isEmpty, !spaces.contains("") else { return "unknown-\(UUID().uuidString)" }
        return ([boot.trimmingCharacters(in: .whitespacesAndNewlines)] + spaces + ["user \(geteuid())"])
            .joined(separator: "/")
    }()
}
