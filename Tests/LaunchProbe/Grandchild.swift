import Foundation
import Glibc

/// A program that a rank starts, and that SIGTERM does not end.
enum Grandchild: String {
    /// In the rank's process group.
    case group
    /// In a process group of its own, as a shell with job control starts programs.
    case otherGroup
    /// In a session of its own.
    case session
    /// In a session of its own, and with its parent gone, as a daemon.
    case daemon

    private static let loop = "trap '' TERM INT HUP QUIT; echo here; while :; do sleep 1000; done"

    /// Starts one of the kind that is named, in the rank's group if none is, and waits until it runs.
    static func start(_ name: String?) throws {
        let kind = name.flatMap(Grandchild.init) ?? .group
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ProbeRank.Misuse(description: "no pipe") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        posix_spawn_file_actions_addclose(&actions, ends[1])
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        if kind == .otherGroup { posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP)) }
        let command =
            switch kind {
            case .group, .otherGroup: ["/bin/sh", "-c", loop]
            case .session: ["/bin/sh", "-c", "exec setsid /bin/sh -c \"\(loop)\""]
            case .daemon: ["/bin/sh", "-c", "setsid /bin/sh -c \"\(loop)\" &"]
            }
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var pid: pid_t = 0
        guard posix_spawn(&pid, command[0], &actions, &attributes, &words, environ) == 0 else {
            throw ProbeRank.Misuse(description: "\(command[0]) cannot be started")
        }
        var byte: UInt8 = 0
        guard read(ends[0], &byte, 1) == 1 else { throw ProbeRank.Misuse(description: "no word of the program") }
        if kind == .daemon { waitpid(pid, nil, 0) }
    }
}
