import Files
import Glibc

/// A program to start, in a session of its own, with default signal handling and nothing to read.
struct ProcessSpawn {
    /// The file to execute.
    var executable: String
    /// The arguments, the program's name first.
    var arguments: [String]
    var environment: [String: String]
    /// The descriptors that the program gets beside standard input, and their numbers there, which are below 10.
    var descriptors: [(source: Descriptor, number: Int32)] = []

    /// glibc's `POSIX_SPAWN_SETSID`, which Swift does not see.
    private static let newSession: Int32 = 0x80

    /// Starts the program, and returns its process number, which is also that of its session and its group.
    ///
    /// - Throws: ``LaunchError`` with `spawnFailed`.
    func start() throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (source, number) in descriptors {
            posix_spawn_file_actions_adddup2(&actions, source.number, number)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What this process ignores or blocks must not be ignored or blocked there.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = Self.newSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let status = withExtendedLifetime(descriptors) {
            posix_spawn(&pid, executable, &actions, &attributes, &words, &variables)
        }
        guard status == 0 else {
            throw LaunchError.refused(.spawnFailed, "\(executable) cannot be started", SystemFailure(status))
        }
        return pid
    }
}
