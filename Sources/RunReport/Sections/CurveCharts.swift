/// The charts of what one or more runs logged.
struct CurveCharts {
    /// A run and what it is called; the number of its colour is its place.
    let runs: [(name: String, run: RunRecord)]

    private static let rateNames = ["learning_rate", "learning-rate", "lr"]

    private var isSingle: Bool { runs.count == 1 }

    /// All of them that have something to show.
    var charts: [Chart] {
        ([loss, accuracy, rate, throughput] + others).filter { !$0.isEmpty }.map { chart in
            var chart = chart
            chart.lastStep = lastStep
            return chart
        }
    }

    private var lastStep: Int? { runs.compactMap(\.run.metrics.finalStep).max() }

    private var marks: [(step: Int, name: String)] {
        guard isSingle, let epochs = runs.first?.run.metrics.epochs, (2...40).contains(epochs.count) else { return [] }
        return epochs.dropFirst().map { ($0.step, "epoch \($0.epoch)") }
    }

    // MARK: What every classifier has

    private var loss: Chart {
        var lines: [Chart.Line] = []
        var longest = 0
        for (index, (name, run)) in runs.enumerated() {
            let points = run.metrics.series("loss")?.points ?? []
            longest = max(longest, points.count)
            lines += Chart.lines(isSingle ? "training" : name, points, color: index)
        }
        if isSingle, let run = runs.first?.run {
            lines += Chart.lines(
                "evaluation", run.metrics.evaluation("evaluation_loss")?.points ?? [], color: 1, hasDots: true)
        }
        let smoothing =
            longest >= Smoothing.fewest
            ? "thin: each step, strong: smoothed over about \(Smoothing.reach(of: longest)) steps" : nil
        let epochs = marks.isEmpty ? nil : "dotted: a new epoch"
        return Chart(
            id: "loss", title: isSingle ? "Loss" : "Training loss",
            note: [smoothing, epochs].compactMap { $0 }.joined(separator: " · "), scale: .whatFits, isWide: true,
            marks: marks, lines: sorted(lines))
    }

    /// What is faint goes behind the rest.
    private func sorted(_ lines: [Chart.Line]) -> [Chart.Line] {
        lines.filter { $0.stroke == .faint } + lines.filter { $0.stroke != .faint }
    }

    private var accuracy: Chart {
        let lines = runs.enumerated().flatMap { index, entry in
            Chart.lines(
                isSingle ? "evaluation" : entry.name, entry.run.metrics.evaluation("accuracy")?.points ?? [],
                color: isSingle ? 1 : index, hasDots: true)
        }
        return Chart(id: "accuracy", title: "Accuracy", unit: .percent, marks: marks, lines: Self.curves(lines))
    }

    /// The lines, unless none has more than a point: what was evaluated once stands among the results.
    private static func curves(_ lines: [Chart.Line]) -> [Chart.Line] {
        lines.contains { $0.points.count > 1 } ? lines : []
    }

    private var rate: Chart {
        let lines = runs.enumerated().flatMap { index, entry -> [Chart.Line] in
            let series = entry.run.metrics.series.filter { isRate($0.name) }
            return series.enumerated().flatMap { number, one in
                Chart.lines(
                    isSingle ? one.name : entry.name + (series.count > 1 ? " \(one.name)" : ""), one.points,
                    color: isSingle ? 2 + number : index, isSmoothed: false)
            }
        }
        return Chart(id: "learning-rate", title: "Learning rate", scale: .whatFits, marks: marks, lines: lines)
    }

    private func isRate(_ name: String) -> Bool {
        Self.rateNames.contains { name == $0 || name.hasPrefix("\($0)/") || name.hasPrefix("\($0)_") }
    }

    private var throughput: Chart {
        let series = runs.map { $0.run.throughput }
        let isSamples = series.allSatisfy { $0.name == "samples_per_second" }
        let lines = zip(runs, series).enumerated().flatMap { index, entry in
            Chart.lines(
                isSingle ? (isSamples ? "samples a second" : "steps a second") : entry.0.name, entry.1.points,
                color: isSingle ? 6 : index, isSmoothed: false)
        }
        return Chart(
            id: "throughput", title: "Throughput", note: isSamples ? "samples a second" : "steps a second",
            unit: .compact, beginsAtZero: true, marks: marks, lines: lines)
    }

    // MARK: What a program logged besides

    private var others: [Chart] {
        let known = { (name: String) in name == "loss" || name == "seconds" || isRate(name) }
        let evaluated = ["accuracy", "evaluation_loss", "seconds"]
        let names = distinct { $0.metrics.series.map(\.name).filter { !known($0) } }
        let evaluatedNames = distinct { $0.metrics.evaluations.map(\.name).filter { !evaluated.contains($0) } }
        let ofSteps = names.enumerated().map { number, name in
            other(name, id: "other-\(number)") { $0.metrics.series(name) }
        }
        var ofEvaluations = evaluatedNames.enumerated().map { number, name in
            other(name, id: "evaluation-\(number)", hasDots: true) { $0.metrics.evaluation(name) }
        }
        if !isSingle {
            ofEvaluations.insert(evaluationLoss, at: 0)
        }
        return ofEvaluations + ofSteps
    }

    private var evaluationLoss: Chart {
        let lines = runs.enumerated().flatMap { index, entry in
            Chart.lines(
                entry.name, entry.run.metrics.evaluation("evaluation_loss")?.points ?? [], color: index, hasDots: true)
        }
        return Chart(id: "evaluation-loss", title: "Evaluation loss", scale: .whatFits, lines: Self.curves(lines))
    }

    private func other(
        _ name: String, id: String, hasDots: Bool = false, _ series: (RunRecord) -> MetricSeries?
    ) -> Chart {
        let lines = runs.enumerated().flatMap { index, entry in
            Chart.lines(
                isSingle ? name : entry.name, series(entry.run)?.points ?? [], color: isSingle ? 3 : index,
                hasDots: hasDots)
        }
        return Chart(
            id: id, title: name.replacing("_", with: " "), scale: .whatFits, marks: marks, lines: sorted(lines))
    }

    private func distinct(_ names: (RunRecord) -> [String]) -> [String] {
        var seen: Set<String> = []
        return runs.flatMap { names($0.run) }.filter { seen.insert($0).inserted }
    }

    // MARK: The part of the page

    /// The part of a page that shows them.
    var part: Page.Part {
        let charts = charts
        let content: Markup =
            charts.isEmpty
            ? "<p class=\"card soft\">No step has been logged yet.</p>"
            : "<div class=\"grid\">\(Self.filled(charts).map(\.markup))</div>"
        return Page.Part(id: "curves", title: "Curves", content: content)
    }

    /// The last of an odd number of narrow charts is wide, so that no place stays empty.
    private static func filled(_ charts: [Chart]) -> [Chart] {
        var charts = charts
        if charts.filter({ !$0.isWide }).count % 2 == 1, let last = charts.lastIndex(where: { !$0.isWide }) {
            charts[last].isWide = true
        }
        return charts
    }
}
