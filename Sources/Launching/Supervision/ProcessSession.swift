import Foundation
import Glibc

/// The processes of a session, which are a rank and what it started, in whatever process groups they are.
enum ProcessSession {
    /// Kills all members of a session but one, those too that start while this looks.
    ///
    /// The session's leader must not have been reaped yet, or its number could be another session's.
    static func killMembers(of session: pid_t, except kept: pid_t? = nil) {
        var killed: Set<pid_t> = []
        while true {
            let found = members(of: session).subtracting(killed).filter { $0 != kept }
            if found.isEmpty { return }
            for process in found { kill(process, SIGKILL) }
            killed.formUnion(found)
        }
    }

    private static func members(of session: pid_t) -> Set<pid_t> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return Set(names.compactMap { pid_t($0) }.filter { getsid($0) == session })
    }
}
