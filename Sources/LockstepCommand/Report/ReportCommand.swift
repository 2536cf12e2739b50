import ArgumentParser
import RunReport

/// `lockstep report`: runs as pages.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Shows a run, or several side by side, as a page that needs no other file and no network.",
        discussion: """
            Of one run: curves, what the ranks did with their time, whom a classifier confuses, its worst mistakes, and \
            the configuration. Of several: their results, the settings that differ, and their curves in the same axes.
            """)

    @Argument(help: ArgumentHelp("The folders of runs.", valueName: "run"), completion: .directory)
    var runs: [String]

    @Option(
        name: [.long, .customShort("o")],
        help: ArgumentHelp(
            "The file to write (default: report.html in the run's folder; comparison.html here for several runs).",
            valueName: "file.html"))
    var output: String?

    func run() throws {
        if runs.count == 1 {
            print(try RunReport.write(runFolder: runs[0], to: output))
        } else {
            let file = output ?? "comparison.html"
            try RunReport.write(comparing: runs, to: file)
            print(file)
        }
    }
}
