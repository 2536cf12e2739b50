import Foundation
import Testing

@testable import Launching

/// Whatever ends a launcher, and whatever its ranks are doing: nobody is left, and the terminal is as it was.
///
/// One at a time, so that what is measured is one job's doing.
@Suite("A job whose launcher gets a signal", .serialized)
struct SignalMatrixTests {
    @Test(
        "leaves no process, a terminal as it was, whole files, one line of reason, and the signal's exit code",
        arguments: RankSituation.allCases, LauncherBlow.allCases)
    func cell(_ situation: RankSituation, _ blow: LauncherBlow) async throws {
        try await SignalMatrixCell(blow, situation.rawValue, situation.arguments).end()
    }

    @Test(
        "from its terminal's keys ends all the same",
        arguments: [("\u{3}", SIGINT), ("\u{3}\u{3}", SIGINT), ("\u{1C}", SIGQUIT)])
    func keys(_ keys: String, _ signal: Int32) async throws {
        let terminal = try SignalMatrixTerminal()
        let settings = terminal.settings
        let grace = keys.count > 1 ? "3600000" : "300"
        let run = try LaunchRun(["--terminal", terminal.path, "--nproc", "2", "--grace", grace, "stubborn"])
        try await waitUntil("two ranks that are ready") { terminal.lines.filter { $0.hasSuffix("ready") }.count == 2 }
        for (index, key) in keys.enumerated() {
            if index > 0 { try await Task.sleep(for: .milliseconds(100)) }
            terminal.type(String(key))
        }
        #expect(try await run.end() == .exited(128 + signal))
        try await run.nobodyLeft()
        #expect(terminal.lines.last?.hasSuffix("stopped by \(signalName(signal))") == true, "\(terminal.text)")
        #expect(terminal.settings == settings)
    }

    @Test("by the end of its terminal ends all the same, though there is nothing left to write to")
    func hangUp() async throws {
        let terminal = try SignalMatrixTerminal()
        let run = try LaunchRun(["--terminal", terminal.path, "--nproc", "2", "--grace", "300", "wait"])
        try await waitUntil("two ranks that are ready") { terminal.lines.filter { $0.hasSuffix("ready") }.count == 2 }
        terminal.hangUp()
        #expect(try await run.end() == .exited(128 + SIGHUP))
        try await run.nobodyLeft()
    }
}
