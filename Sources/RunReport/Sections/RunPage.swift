/// The report on one run.
struct RunPage {
    let run: RunRecord

    var page: Page {
        let parts = [
            CurveCharts(runs: [(name: run.name, run: run)]).part, TimeTables(run: run).part,
            run.evaluation.flatMap { ConfusionMatrix(evaluation: $0).part },
            run.evaluation.flatMap { MistakeGrid(evaluation: $0).part }, ConfigurationList(run: run).part,
        ].compactMap { $0 }
        return Page(
            title: "\(run.program) · \(run.name)", head: "\(RunHeader(run: run).markup)\(Alarms(run: run).markup)",
            parts: parts, footer: "Written by Lockstep from \(run.folder).")
    }
}
