import Foundation
import Glibc
import Testing

@testable import Launching

/// What happens to a launcher, by signals.
enum LauncherBlow: String, CaseIterable, Sendable {
    case interrupt, interruptTwice, terminate, hangUp, quit, kill

    var signals: [Int32] {
        switch self {
        case .interrupt: [SIGINT]
        case .interruptTwice: [SIGINT, SIGINT]
        case .terminate: [SIGTERM]
        case .hangUp: [SIGHUP]
        case .quit: [SIGQUIT]
        case .kill: [SIGKILL]
        }
    }

    /// The time that ranks are given to end; with a second signal it must not matter.
    var grace: Duration { self == .interruptTwice ? .seconds(3600) : .milliseconds(300) }

    /// How soon no process may be left.
    var promise: Duration {
        switch self {
        case .interruptTwice: .seconds(2)
        case .kill: .seconds(3)
        default: grace + .seconds(2)
        }
    }

    var status: ProcessEnding { self == .kill ? .signalled(SIGKILL) : .exited(128 + signals[0]) }

    /// The launcher's last line; none where it had no time to say one.
    var reason: String? { self == .kill ? nil : "stopped by \(signalName(signals[0]))" }
}

/// What ranks are in the midst of when that happens.
enum RankSituation: String, CaseIterable, Sendable {
    case meet, download, compute, save, stopped, stubborn, draw
    case grandchild, grandchildInOtherGroup

    /// The arguments of the probe.
    var arguments: [String] {
        switch self {
        case .grandchild: ["grandchild", "group"]
        case .grandchildInOtherGroup: ["grandchild", "otherGroup"]
        default: [rawValue]
        }
    }
}

/// One launcher that comes to its end in one situation.
struct SignalMatrixCell {
    let blow: LauncherBlow
    let situation: String
    let run: LaunchRun
    let terminal: SignalMatrixTerminal
    private let settings: [UInt8]

    /// For machines that are busy.
    private static let patience = Duration.seconds(10)

    /// Starts two ranks on a terminal of their launcher's own, and waits until they are in the midst of it.
    init(_ blow: LauncherBlow, _ situation: String, _ arguments: [String]) async throws {
        self.blow = blow
        self.situation = situation
        terminal = try SignalMatrixTerminal()
        settings = terminal.settings
        let grace = Int(blow.grace / .milliseconds(1))
        run = try LaunchRun(["--terminal", terminal.path, "--nproc", "2", "--grace", "\(grace)"] + arguments)
        try await waitUntil("two ranks that are ready") { terminal.lines.filter { $0.hasSuffix("ready") }.count == 2 }
        if situation == RankSituation.stopped.rawValue {
            try await waitUntil("two ranks that are stopped") { try run.processes().filter(Self.isStopped).count == 2 }
        }
    }

    private static func isStopped(_ process: pid_t) -> Bool {
        let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return text.split(separator: ")").last?.hasPrefix(" T") == true
    }

    /// Sends the signals, and checks all that has to be so afterwards.
    func end() async throws {
        let start = ContinuousClock.now
        for (index, signal) in blow.signals.enumerated() {
            // Two of the same kind that come at once are one.
            if index > 0 { try await Task.sleep(for: .milliseconds(100)) }
            run.send(signal)
        }
        let status = try await run.end()
        try await run.nobodyLeft()
        let duration = start.duration(to: .now)
        // A second signal may come when the job is over and the first has been told.
        #expect(status == blow.status || (blow == .interruptTwice && status == .signalled(SIGINT)))
        #expect(duration < blow.promise + Self.patience)
        #expect(terminal.settings == settings)
        if let reason = blow.reason, status == blow.status {
            #expect(terminal.showsCursor)
            let afterwards = terminal.lines.drop { !$0.contains("stopped by") }
            #expect(afterwards.count == 1 && afterwards.first?.hasSuffix(reason) == true, "\(terminal.text)")
        }
        try checkFiles()
        let second = try LaunchRun(["--nproc", "2", "ok"])
        #expect(try await second.end() == .exited(0))
        try record(duration)
    }

    /// A file that has its name is whole, whenever its writer was killed.
    private func checkFiles() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: run.folder).filter {
            $0.wholeMatch(of: /state-\d/) != nil
        }
        #expect(names.count == (situation == RankSituation.save.rawValue ? 2 : 0))
        for name in names {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: run.folder + "/" + name))
            let first = try #require(bytes.first)
            #expect(bytes == Data(repeating: first, count: 1 << 18), "\(name)")
        }
    }

    /// Adds a line to the file that SIGNAL_MATRIX names, if it does: the cell, the seconds until nobody was left, and
    /// the last line on the terminal.
    private func record(_ duration: Duration) throws {
        guard let path = ProcessInfo.processInfo.environment["SIGNAL_MATRIX"] else { return }
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(file) }
        let seconds = String(format: "%.2f", duration / .seconds(1))
        let line = Array("\(situation)\t\(blow.rawValue)\t\(seconds)\t\(terminal.lines.last ?? "")\n".utf8)
        #expect(line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } == line.count)
    }
}
