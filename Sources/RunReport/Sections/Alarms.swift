import RunFiles

/// What has to be known before anything else: why a run failed, and what of its folder cannot be read.
struct Alarms {
    let run: RunRecord

    var markup: Markup { "\([failure, problems].compactMap { $0 })" }

    private var failure: Markup? {
        guard case .failed(let reason) = run.outcome else { return nil }
        let lines = run.failure?.lines ?? []
        let text = lines.isEmpty ? reason ?? "" : lines.prefix(40).joined(separator: "\n")
        let code = run.failure?.exitCode.map { " with exit code \($0)" } ?? ""
        let rank = run.failure?.rank.map { "Rank \($0) failed first; the job ended" } ?? "The job ended"
        return """
            <div class="card alarm" role="note"><h3>Why it failed</h3><p>\(rank)\(code).</p><pre>\(text)</pre></div>

            """
    }

    private var problems: Markup? {
        var lines = run.problems
        if run.metrics.unreadableLines > 0 {
            lines.append("\(NumberText.count(run.metrics.unreadableLines, "line")) of metrics.jsonl cannot be read.")
        }
        guard !lines.isEmpty else { return nil }
        return """
            <div class="card alarm mild" role="note"><h3>Not all of the folder can be read</h3>\
            \(lines.map { "<p>\($0)</p>" as Markup })</div>

            """
    }
}
