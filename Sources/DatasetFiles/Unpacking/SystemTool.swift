import Files
import Foundation
import Synchronization

/// A program of the system that unpacks files: `gzip`, `tar`, `xz`.
struct SystemTool: Sendable {
    let name: String
    let path: String
    private let environment: [String: String]

    /// Finds a program in `PATH`.
    ///
    /// - Throws: ``DatasetError`` with `toolMissing`, which names the package to install.
    init(_ name: String, environment: [String: String]) throws {
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        guard let path = folders.map({ "\($0)/\(name)" }).first(where: { access($0, X_OK) == 0 && !isFolder($0) })
        else {
            let package = name == "xz" ? "xz-utils (Debian, Ubuntu) or xz (Fedora, Arch, Alpine)" : name
            throw DatasetError(
                .toolMissing,
                "the program \(name) is not in PATH, and a file has to be unpacked with it. Install the package "
                    + "\(package), or unpack the file elsewhere and name its folder with --data-directory.")
        }
        self.name = name
        self.path = path
        self.environment = environment
    }

    /// How a program ended.
    struct Outcome: Sendable {
        let succeeded: Bool
        /// The first lines of what it wrote to standard error, or the signal that ended it.
        let complaint: String
    }

    /// Runs the program to its end; a cancelled task stops it.
    ///
    /// - Parameters:
    ///   - input: the file for standard input, nothing by default.
    ///   - output: the file for standard output, made anew; nothing by default.
    ///   - errors: a file of one's own that takes standard error.
    func run(
        _ arguments: [String], input: String = "/dev/null", output: String = "/dev/null", errors: String
    ) async throws -> Outcome {
        let child = try spawn(arguments, input: input, output: output, errors: errors)
        let running = Mutex(true)
        let status = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(returning: Self.wait(for: child))
                }
            }
        } onCancel: {
            running.withLock { if $0 { kill(child, SIGTERM) } }
        }
        running.withLock { $0 = false }
        try Task.checkCancellation()
        let text = FileManager.default.contents(atPath: errors).map { String(decoding: $0.prefix(2000), as: UTF8.self) }
        let complaint = (text ?? "").split(separator: "\n").prefix(3).joined(separator: "; ")
        guard let status else { return Outcome(succeeded: false, complaint: "\(name) was lost sight of") }
        if status & 0x7F != 0 {
            return Outcome(succeeded: false, complaint: "\(name) was ended by signal \(status & 0x7F). \(complaint)")
        }
        let code = (status >> 8) & 0xFF
        return Outcome(succeeded: code == 0, complaint: complaint.isEmpty ? "\(name) exit status \(code)" : complaint)
    }

    private static func wait(for child: pid_t) -> Int32? {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            if errno != EINTR { return nil }
        }
        return status
    }

    /// Starts the program in this process's group, so that what stops the group stops it too.
    private func spawn(_ arguments: [String], input: String, output: String, errors: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o644)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A program that blocks or ignores signals must not pass that on.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // English messages, which the errors quote.
        let settings = environment.merging(["LC_ALL": "C"]) { $1 }
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = settings.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, path, &actions, &attributes, &words, &variables)
        guard result == 0 else {
            throw DatasetError(.unpackingFailed, "\(path) cannot be started: \(SystemFailure(result).text).")
        }
        return child
    }
}
