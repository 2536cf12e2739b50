/// Runs side by side.
struct ComparisonPage {
    let runs: [(name: String, run: RunRecord)]

    init(_ runs: [RunRecord]) {
        self.runs = Array(zip(RunNames.distinct(runs.map(\.folder)), runs).map { (name: $0, run: $1) })
    }

    var page: Page {
        let programs = Set(runs.map(\.run.program))
        let title = "\(NumberText.count(runs.count, "run")) of \(programs.sorted().joined(separator: ", "))"
        return Page(
            title: title,
            head: """
                <p class="eyebrow">Training report</p>
                <div class="title"><h1>\(title)</h1></div>
                <p class="soft">\(runs.map(\.name).joined(separator: " · "))</p>
                """,
            parts: [results, differences, CurveCharts(runs: runs).part],
            footer: "Written by Lockstep from \(runs.map(\.run.folder).joined(separator: ", ")).")
    }

    // MARK: Results

    private struct Column: Sendable {
        let name: String
        let text: @Sendable (Double) -> String
        /// Whether more is better; nil where neither is.
        let isMoreBetter: Bool?
        let value: @Sendable (RunRecord) -> Double?
    }

    private static let best = "Best accuracy"

    private static let columns = [
        Column(name: "Accuracy", text: { NumberText.percent($0, digits: 2) }, isMoreBetter: true) {
            RunResults($0).accuracy
        },
        Column(name: best, text: { NumberText.percent($0, digits: 2) }, isMoreBetter: true) {
            RunResults($0).bestAccuracy
        },
        Column(name: "Evaluation loss", text: NumberText.plain, isMoreBetter: false) { RunResults($0).evaluationLoss },
        Column(name: "Training loss", text: NumberText.plain, isMoreBetter: false) { RunResults($0).trainingLoss },
        Column(name: "Steps", text: { NumberText.grouped(Int(clamping: $0)) }, isMoreBetter: nil) {
            RunResults($0).steps.map(Double.init)
        },
        Column(name: "Time", text: NumberText.duration, isMoreBetter: false) { $0.trainingSeconds },
        Column(name: "Samples/s", text: { NumberText.grouped(Int(clamping: $0)) }, isMoreBetter: true) {
            RunResults($0).samplesPerSecond
        },
        Column(name: "Peak memory", text: NumberText.bytes, isMoreBetter: false) { RunResults($0).peakMemory },
    ]

    private var results: Page.Part {
        let columns = Self.columns.map { column in (column, runs.map { column.value($0.run) }) }
            .filter { column, values in
                // The best is shown where it is not the last.
                let isLast =
                    column.name == Self.best
                    && runs.allSatisfy {
                        RunResults($0.run).bestAccuracy == RunResults($0.run).accuracy
                    }
                return !isLast && !values.allSatisfy { $0 == nil }
            }
        let rows = runs.enumerated().map { index, entry -> (heading: Markup, cells: [Table.Cell]) in
            let cells = columns.map { column, values -> Table.Cell in
                .number(values[index].map(column.text), isBest: Self.isBest(index, values, column))
            }
            return (
                "<i class=\"key \(Chart.color(index))\"></i>\(entry.name)",
                [Table.Cell(content: OutcomeBadge(entry.run.outcome).markup)] + cells
            )
        }
        let table = Table(
            caption: "The last values of each run; a star marks the best of a column",
            columns: [("Run", false), ("Outcome", false)] + columns.map { ($0.0.name, true) }, rows: rows)
        return Page.Part(id: "results", title: "Results", content: "<div class=\"card\">\(table.markup)</div>")
    }

    /// Whether a value is better than all others, or as good as the best and not as all.
    private static func isBest(_ index: Int, _ values: [Double?], _ column: Column) -> Bool {
        guard let isMoreBetter = column.isMoreBetter, let value = values[index], value.isFinite else { return false }
        let finite = values.compactMap { $0 }.filter(\.isFinite)
        guard finite.count > 1, Set(finite.map(column.text)).count > 1 else { return false }
        return value == (isMoreBetter ? finite.max() : finite.min())
    }

    // MARK: Settings

    private var differences: Page.Part {
        let differences = SettingDifferences(runs.map(\.run))
        let equal =
            "\(NumberText.count(differences.equalCount, "setting")) \(differences.equalCount == 1 ? "is" : "are") the same."
        guard !differences.rows.isEmpty else {
            let text = differences.equalCount == 0 ? "No run has a configuration." : "No setting differs; \(equal)"
            return Page.Part(
                id: "differences", title: "What differs", content: "<p class=\"card soft\">\(text)</p>")
        }
        let table = Table(
            caption: "Settings that are not the same in all runs; \(equal)",
            columns: [("Setting", false)] + runs.map { ($0.name, true) },
            rows: differences.rows.map { row in
                (heading: "\(row.name)", cells: row.values.map { .number($0 ?? "not set") })
            })
        return Page.Part(id: "differences", title: "What differs", content: "<div class=\"card\">\(table.markup)</div>")
    }
}
