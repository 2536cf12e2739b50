import Glibc

/// The last lines of a job, for people: which rank failed first, of what, and what became of the others.
enum JobReport {
    /// The number of lines of a message or of a rank's last output that are shown.
    static let quotedLineCount = 20
    private static let lineLength = 400

    /// The lines for an outcome; none for a job that ended well.
    ///
    /// - Parameters:
    ///   - pids: the ranks' process numbers.
    ///   - lastLines: the last lines that each rank wrote to standard error, as far as they are known.
    static func lines(for outcome: JobOutcome, pids: [pid_t], lastLines: [Int: [String]]) -> [String] {
        var lines: [String] = []
        switch outcome.ending {
        case .completed: break
        case .interrupted(let number):
            lines.append("stopped by \(signalName(number))")
        case .failed(let rank, let cause):
            lines += failure("rank \(rank) (pid \(pids[rank]))", cause, lastLines[rank] ?? [])
            if !outcome.stoppedRanks.isEmpty {
                lines.append("\(named(outcome.stoppedRanks)) stopped because rank \(rank) failed")
            }
        }
        if !outcome.abandonedRanks.isEmpty {
            let processes = outcome.abandonedRanks.map { "\($0) (pid \(pids[$0]))" }.joined(separator: ", ")
            lines.append("left behind, since SIGKILL did not end it within seconds: rank \(processes)")
        }
        return lines.map(shortened)
    }

    private static func failure(
        _ rank: String, _ cause: JobOutcome.FailureCause, _ lastLines: [String]
    ) -> [String] {
        let end: String
        switch cause {
        case .reported(let message):
            let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let shown = lines.prefix(quotedLineCount)
            let more = lines.count - shown.count
            return ["\(rank) failed first: \(shown.first ?? "")"] + shown.dropFirst()
                + (more > 0 ? ["… and \(more) more lines"] : [])
        case .endedEarly: end = "ended before the others, without an error"
        case .killed(SIGKILL): end = "was killed by \(signalName(SIGKILL)); often the out-of-memory killer"
        case .killed(let signal): end = "was killed by \(signalName(signal))"
        case .exited(let code): end = "failed first: it exited with code \(code), without a message"
        }
        guard !lastLines.isEmpty else { return ["\(rank) \(end)"] }
        return ["\(rank) \(end); its last lines on standard error:"]
            + lastLines.suffix(quotedLineCount).map { "  \($0)" }
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
