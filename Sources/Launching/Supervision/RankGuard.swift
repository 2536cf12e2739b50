import Glibc
import RankProtocol

/// A process that ends the ranks of a launcher that was killed, and all that they have started.
///
/// Ranks of ours notice the launcher's end themselves and go first; foreign programs do not, nor what is stopped.
struct RankGuard {
    /// Closed when the launcher ends, however that comes about.
    private let lifeline: Descriptor
    private let pid: pid_t

    /// Waits for the launcher's end, and looks several times, for what starts meanwhile.
    private static let script = """
        trap '' INT TERM HUP QUIT
        exec >/dev/null 2>&1
        read -r nothing
        sleep 1
        for round in 1 2 3 4 5; do
            found=
            for file in /proc/[0-9]*/environ; do
                grep -qszFx "$1" "$file" || continue
                process=${file#/proc/}
                kill -9 "${process%/environ}" && found=yes
            done
            test "$found" || exit
        done
        """

    /// Starts the process; nil where the system has no shell, so that ranks are on their own.
    ///
    /// - Throws: ``LaunchError`` with `socketUnavailable`.
    init?(of mark: ProcessMark) throws {
        let (reading, writing) = try Descriptor.pipe()
        let program = ProcessSpawn(
            executable: "/bin/sh", arguments: ["sh", "-c", Self.script, "lockstep-guard", mark.variable],
            environment: ["PATH": "/usr/bin:/bin"], descriptors: [(reading, STDIN_FILENO)])
        guard let pid = try? program.start() else { return nil }
        self.pid = pid
        lifeline = writing
    }

    /// Ends the process, when no rank is left.
    func dismiss() {
        kill(pid, SIGKILL)
        while waitpid(pid, nil, 0) < 0, errno == EINTR {}
    }
}
