import Foundation
import Glibc
import RankProtocol

/// A variable in the environment of ranks, by which all is found that descends from them, wherever it has gone.
struct ProcessMark: Sendable {
    let value = String(UInt64.random(in: 0 ... .max), radix: 16)

    /// As it stands in an environment.
    var variable: String { "\(LauncherVariable.mark)=\(value)" }

    /// Kills all processes that have it, those too that start while this looks.
    func killAll() {
        let wanted = Array(variable.utf8)
        var killed: Set<pid_t> = []
        var isNew = true
        while isNew {
            isNew = false
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            for process in names.compactMap({ pid_t($0) }) where !killed.contains(process) {
                guard Self.environment(of: process).split(separator: 0).contains(where: { $0.elementsEqual(wanted) })
                else { continue }
                kill(process, SIGKILL)
                killed.insert(process)
                isNew = true
            }
        }
    }

    /// The environment that a process was started with; empty for what has ended, and for what is not ours.
    private static func environment(of process: pid_t) -> [UInt8] {
        let file = open("/proc/\(process)/environ", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(file, &block, block.count), count > 0 { bytes += block[..<count] }
        return bytes
    }
}
