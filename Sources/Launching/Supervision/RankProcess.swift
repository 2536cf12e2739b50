import Files
import Foundation
import Glibc
import RankProtocol

/// The launcher's side of a rank: its process, and the ends of its control socket and of its output.
final class RankProcess {
    let rank: Int
    let pid: pid_t
    /// What it writes to standard output and standard error.
    let output: RankOutput
    /// Closed when the rank has closed its end.
    private(set) var control: Descriptor?
    private var decoder: MessageDecoder<RankMessage>? = MessageDecoder()
    private(set) var hasEnded = false
    /// When it noticed its first failure, by its own account.
    private(set) var failureTime: Date?
    /// When its end was noticed.
    private(set) var endTime: Date?
    /// The most memory, in bytes, that it or a process it waited for had at once; known when it has ended.
    private(set) var peakMemory: Int?

    /// The descriptors of a rank: this one, and the standard ones.
    private static let controlNumber: Int32 = 3

    /// Starts a rank; rank 0 gets a terminal where the launcher has one.
    ///
    /// - Parameters:
    ///   - place: who it is among the ranks.
    ///   - program: what to start, with the environment that all ranks have in common.
    /// - Throws: ``LaunchError`` with `spawnFailed` or `socketUnavailable`; nothing is left running.
    init(_ place: RankEnvironment, _ program: ProcessSpawn) throws {
        rank = place.rank
        let (control, rankControl) = try Descriptor.socketPair()
        var program = program
        program.environment.merge(place.variables) { $1 }
        program.environment[LauncherVariable.controlDescriptor] = "\(Self.controlNumber)"
        program.descriptors = [(rankControl, Self.controlNumber)]
        let output = try RankOutput(followsTerminal: rank == 0)
        program.descriptors += output.ends
        self.output = output.withoutEnds
        self.control = control
        pid = try program.start()
    }

    /// The messages that have come since the last call.
    func messages() -> [RankMessage] {
        var messages: [RankMessage] = []
        var block = [UInt8](repeating: 0, count: 1 << 12)
        while let control {
            let count = recv(control.number, &block, block.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                messages += decoded(block[..<count])
            } else if count < 0, errno == EINTR {
                continue
            } else {
                if count == 0 || errno != EAGAIN { self.control = nil }
                break
            }
        }
        return messages
    }

    private func decoded(_ bytes: ArraySlice<UInt8>) -> [RankMessage] {
        var messages: [RankMessage] = []
        decoder?.append(bytes)
        do {
            while let message = try decoder?.next() {
                if case .failed(let failure) = message { failureTime = failureTime ?? failure.time }
                messages.append(message)
            }
        } catch {
            // A program that happens to write to this number is no rank of ours, and is judged by its exit alone.
            decoder = nil
            StandardError.write("rank \(rank) (pid \(pid)): its control channel is ignored from now on: \(error)")
        }
        return messages
    }

    /// Sends the rank a message, if it is one that reads them.
    func tell(_ message: LauncherMessage) {
        guard !hasEnded, let control, decoder != nil, let line = try? MessageFraming.line(for: message) else { return }
        _ = send(control.number, line, line.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }

    /// Passes a signal on to the rank, and to nothing that it has started.
    func forward(_ signal: Int32) {
        if !hasEnded { Glibc.kill(pid, signal) }
    }

    /// Asks the rank and all in its process group to end.
    func terminate(reason: String) {
        guard !hasEnded else { return }
        // A rank that does not read its messages gets the signal all the same.
        tell(.stop(reason: reason))
        Glibc.kill(-pid, SIGTERM)
        // A stopped process takes no other signal.
        Glibc.kill(-pid, SIGCONT)
    }

    /// Ends the rank and all in its process group.
    func kill() {
        if !hasEnded { Glibc.kill(-pid, SIGKILL) }
    }

    /// Ends what a rank that has exited leaves in its session, and returns how the rank ended.
    func reap() -> ProcessEnding {
        ProcessSession.killMembers(of: pid)
        hasEnded = true
        endTime = Date()
        var status: Int32 = 0
        var usage = rusage()
        var reaped = wait4(pid, &status, 0, &usage)
        while reaped < 0, errno == EINTR { reaped = wait4(pid, &status, 0, &usage) }
        if reaped == pid { peakMemory = usage.ru_maxrss * 1024 }
        return ProcessEnding(waitStatus: status)
    }

    /// Waits on a thread of its own for the rank's exit, and tells `events` of it; the rank is not reaped.
    func watch(telling events: EventPipe) throws {
        try BackgroundThread.start { [pid] in
            var information = siginfo_t()
            while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            events.post(EventPipe.Record(.exit, pid))
        }
    }
}
