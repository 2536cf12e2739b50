import Foundation

/// The last lines of a job, for people: which rank failed first, when and of what, and what became of the others.
enum JobReport {
    /// The number of lines of a message or of a rank's last output that are shown.
    static let quotedLineCount = 20
    /// The number of characters of a line that are shown.
    static let lineLength = 400
    private static let lineCount = 25

    /// The lines for an outcome, at most 25; none for a job that ended well.
    ///
    /// - Parameters:
    ///   - accounts: what is known of ranks, by their numbers; nothing of those whose machine is lost.
    ///   - nodes: the machines' names, where there are several.
    ///   - logs: the folder with all that the ranks of this machine wrote, where there is one.
    static func lines(
        for outcome: JobOutcome, _ accounts: [Int: RankAccount], nodes: [String] = [], logs: String? = nil
    ) -> [String] {
        var first: [String] = []
        var quoted: RankAccount?
        var last: [String] = []
        switch outcome.ending {
        case .completed: return []
        case .stopped(let step, let number, let node):
            let place = nodes.indices.contains(node) ? " at \(nodes[node])" : ""
            first = [
                "stopped \(number.map { "by \(signalName($0))\(place)" } ?? "as a rank was asked to"): step \(step) is "
                    + "saved; go on with --resume latest"
            ]
        case .interrupted(let number, let node):
            first = ["stopped by \(signalName(number))\(nodes.indices.contains(node) ? " at \(nodes[node])" : "")"]
        case .nodeFailed(let node, let reason):
            first = ["\(nodes.indices.contains(node) ? nodes[node] : "node \(node)") failed first: \(reason)"]
            if !outcome.stoppedRanks.isEmpty {
                last.append("\(named(outcome.stoppedRanks)) stopped because node \(node) failed")
            }
        case .failed(let rank, let cause):
            first = failure(rank, cause, accounts[rank])
            if let seen = outcome.observation, first.first?.hasSuffix(seen) == false { first.append("  \(seen)") }
            quoted = accounts[rank]
            if !outcome.stoppedRanks.isEmpty {
                last.append("\(named(outcome.stoppedRanks)) stopped because rank \(rank) failed")
            }
            if let elsewhere = quoted?.logs, elsewhere != logs, let host = quoted?.machine.host {
                last.append("all output of rank \(rank) is in \(elsewhere) on \(host)")
            }
        }
        if !outcome.abandonedRanks.isEmpty {
            let processes = outcome.abandonedRanks.map { rank in
                "\(rank)\(accounts[rank].map { " (pid \($0.pid)\(nodes.isEmpty ? "" : ", \($0.machine.host)"))" } ?? "")"
            }
            last.append(
                "left behind, since SIGKILL did not end it within seconds: rank \(processes.joined(separator: ", "))")
        }
        var lines = first.map(shortened)
        let room = min(quotedLineCount, lineCount - first.count - last.count - (logs == nil ? 1 : 2))
        if case .failed(let rank, _) = outcome.ending, let quoted, !quoted.lastLines.isEmpty, room > 0 {
            lines.append("rank \(rank)'s last lines on \(quoted.isTerminal ? "the terminal" : "standard error"):")
            lines += quoted.lastLines.suffix(room).map { shortened("  \($0)") }
        }
        // A path is of use only when it is whole.
        let place = nodes.isEmpty ? "all output of the ranks is in" : "each machine has all output of its ranks in"
        return lines + last.map(shortened) + (logs.map { ["\(place) \($0)"] } ?? [])
    }

    private static func failure(_ number: Int, _ cause: JobOutcome.FailureCause, _ rank: RankAccount?) -> [String] {
        let name = "rank \(number)\(rank.map { " (pid \($0.pid), \($0.machine.host))" } ?? "")"
        let end = time(rank?.endTime)
        switch cause {
        case .reported(let message):
            let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let shown = lines.prefix(quotedLineCount)
            let more = lines.count - shown.count
            return ["\(name) failed first\(time(rank?.failureTime)): \(shown.first ?? "")"] + shown.dropFirst()
                + (more > 0 ? ["… and \(more) more lines"] : [])
        case .exited(let code):
            return ["\(name) failed first\(end): it exited with code \(code), without a message"]
        case .endedEarly:
            return ["\(name) ended before the others, without an error\(end.isEmpty ? "" : ",")\(end)"]
        case .killed(SIGKILL):
            let killer = "\(name) was killed by \(signalName(SIGKILL))\(end); often the out-of-memory killer"
            guard let peak = rank?.peakMemory else { return [killer] }
            let all = rank?.machine.memory.map { " of \(Machine.text(bytes: $0))" } ?? ""
            return ["\(killer): rank \(number)'s peak was \(Machine.text(bytes: peak))\(all)"]
        case .killed(let signal):
            return ["\(name) was killed by \(signalName(signal))\(end)"]
        }
    }

    /// ` at 12:00:01.250`, on the machine's own clock; nothing for no time.
    private static func time(_ date: Date?) -> String {
        guard let date else { return "" }
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded())
        var seconds = time_t(milliseconds / 1000)
        var fields = tm()
        localtime_r(&seconds, &fields)
        let numbers = [fields.tm_hour, fields.tm_min, fields.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }
        let fraction = "\(1000 + milliseconds % 1000)".dropFirst()
        return " at \(numbers.joined(separator: ":")).\(fraction)"
    }

    /// `rank 1 was`, `ranks 0, 1, 2 were`; longer runs as `ranks 0 to 6, 8 were`.
    private static func named(_ ranks: [Int]) -> String {
        if ranks.count == 1 { return "rank \(ranks[0]) was" }
        var runs: [ClosedRange<Int>] = []
        for rank in ranks {
            if let last = runs.last, last.upperBound + 1 == rank {
                runs[runs.count - 1] = last.lowerBound...rank
            } else {
                runs.append(rank...rank)
            }
        }
        let texts = runs.map { run in
            run.count > 3 ? "\(run.lowerBound) to \(run.upperBound)" : run.map(String.init).joined(separator: ", ")
        }
        return "ranks \(texts.joined(separator: ", ")) were"
    }

    private static func shortened(_ line: String) -> String {
        line.count > lineLength ? line.prefix(lineLength) + "…" : line
    }
}
