import RunFiles

/// What ranks did with their time: shares of the whole run, and the parts of a step.
struct TimeTables {
    let run: RunRecord
    /// More rows than this are folded away.
    private static let shownRows = 16

    private static let shareColors = [("computing", 0), ("communication", 1), ("waiting for data", 4), ("other", 5)]

    /// The part of a page that shows them; nil where nothing is known.
    var part: Page.Part? {
        let tables = [shares, steps, states].compactMap { $0 }
        guard !tables.isEmpty else { return nil }
        return Page.Part(id: "time", title: "Ranks and their time", content: "\(tables)")
    }

    // MARK: Shares of the run

    private var shares: Markup? {
        guard let ranks = run.summary?.ranks, !ranks.isEmpty else { return nil }
        // The slowest first where not all are shown.
        let ordered =
            ranks.count > Self.shownRows
            ? ranks.sorted { ($0.samplesPerSecond ?? .infinity) < ($1.samplesPerSecond ?? .infinity) } : ranks
        let legend = StackedBar.legend(Self.shareColors.map { (name: $0.0, color: $0.1) })
        return """
            <div class="card"><h3>Where the time went</h3>
            \(legend)
            \(folded(ordered.map(shareRow), "ranks") { rows in
                Table(
                    caption: "Shares of each rank's time",
                    columns: [
                        ("Rank", false), ("Host", false), ("Time", false), ("Computing", true), ("Communication", true),
                        ("Data", true), ("Other", true), ("Samples/s", true), ("Peak memory", true),
                    ], rows: rows)
            })</div>

            """
    }

    private func shareRow(_ rank: RunSummary.Rank) -> (heading: Markup, cells: [Table.Cell]) {
        let values = [rank.compute, rank.communication, rank.data, rank.other]
        let total = max(values.reduce(0, +), 1)
        let bar = StackedBar(parts: zip(values, Self.shareColors).map { (length: $0 / total, color: $1.1) })
        return (
            "\(rank.rank)",
            [.text(rank.host), Table.Cell(content: bar.markup, isBar: true)]
                + values.map { .number(NumberText.percent($0)) }
                + [
                    .number(rank.samplesPerSecond.map { NumberText.grouped(Int(clamping: $0)) }),
                    .number(rank.peakMemory.map(NumberText.bytes)),
                ]
        )
    }

    // MARK: The parts of a step

    private static let phaseColors: [StepPhase: Int] = [
        .data: 4, .forward: 3, .backward: 0, .communication: 1, .optimizer: 2, .other: 5,
    ]

    private func title(_ phase: StepPhase) -> String { phase.name.prefix(1).uppercased() + phase.name.dropFirst() }

    private var steps: Markup? {
        let sampled = run.ranks.filter { $0.stepCount > 0 }
        guard !sampled.isEmpty else { return nil }
        let longest = sampled.map { $0.phases.total / Double($0.stepCount) }.max() ?? 0
        let ordered = sampled.count > Self.shownRows ? sampled.sorted { mean($0) > mean($1) } : sampled
        let legend = StackedBar.legend(StepPhase.allCases.map { (name: $0.name, color: Self.phaseColors[$0] ?? 5) })
        let count = sampled.reduce(0) { $0 + $1.stepCount }
        return """
            <div class="card"><h3>What a step is made of</h3>
            \(legend)
            \(folded(ordered.map { stepRow($0, longest: longest) }, "ranks") { rows in
                Table(
                    caption: "Mean of \(NumberText.count(count, "sampled step")), in milliseconds; the slowest 5 % take longer than the last column",
                    columns: [("Rank", false), ("Time", false)]
                        + StepPhase.allCases.map { (title($0), true) } + [("Step", true), ("95 % within", true)],
                    rows: rows)
            })</div>

            """
    }

    private func mean(_ rank: RankRecord) -> Double { rank.phases.total / Double(max(rank.stepCount, 1)) }

    private func stepRow(_ rank: RankRecord, longest: Double) -> (heading: Markup, cells: [Table.Cell]) {
        let count = Double(max(rank.stepCount, 1))
        let bar = StackedBar(
            parts: StepPhase.allCases.map {
                (length: longest > 0 ? rank.phases[$0] / count / longest : 0, color: Self.phaseColors[$0] ?? 5)
            })
        let totals = rank.steps.map(\.phases.total).sorted()
        let slow = totals.isEmpty ? nil : totals[min(totals.count * 95 / 100, totals.count - 1)]
        func milliseconds(_ seconds: Double) -> Table.Cell { .number(NumberText.fixed(1000 * seconds, digits: 2)) }
        return (
            "\(rank.rank)",
            [Table.Cell(content: bar.markup, isBar: true)]
                + StepPhase.allCases.map { milliseconds(rank.phases[$0] / count) }
                + [milliseconds(mean(rank)), slow.map(milliseconds) ?? .text(nil)]
        )
    }

    // MARK: How each rank stands

    /// Where the run did not finish, what each rank did last.
    private var states: Markup? {
        guard !run.ranks.isEmpty, run.outcome != .finished else { return nil }
        return """
            <div class="card"><h3>What each rank did last</h3>
            \(folded(run.ranks.map(stateRow), "ranks") { rows in
                Table(
                    caption: "The last state that each rank told of",
                    columns: [
                        ("Rank", false), ("Host", false), ("Step", true), ("Doing", false), ("End", false),
                        ("Samples/s", true), ("Memory", true),
                    ], rows: rows)
            })</div>

            """
    }

    private func stateRow(_ rank: RankRecord) -> (heading: Markup, cells: [Table.Cell]) {
        let end = [rank.end?.outcome, rank.end?.message].compactMap { $0 }.joined(separator: ": ")
        return (
            "\(rank.rank)",
            [
                .text(rank.start?.host), .number(rank.status?.step.map(NumberText.grouped)), .text(rank.status?.phase),
                .text(end.isEmpty ? "wrote none" : end),
                .number(rank.status?.samplesPerSecond.map { NumberText.grouped(Int(clamping: $0)) }),
                .number(rank.status?.memory.map(NumberText.bytes)),
            ]
        )
    }

    /// Some rows, and the rest folded away.
    private func folded(
        _ rows: [(heading: Markup, cells: [Table.Cell])], _ noun: String,
        _ table: ([(heading: Markup, cells: [Table.Cell])]) -> Table
    ) -> Markup {
        guard rows.count > Self.shownRows else { return table(rows).markup }
        let rest = Array(rows.dropFirst(Self.shownRows))
        return """
            \(table(Array(rows.prefix(Self.shownRows))).markup)
            <details><summary>\(rest.count) more \(noun)</summary>\(table(rest).markup)</details>
            """
    }
}
