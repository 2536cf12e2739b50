import ArgumentParser
import Files
import Foundation
import Planning

/// `lockstep plan`: how a training would grow with the number of machines.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Predicts how a training grows with the number of machines, and what limits it.",
        discussion: """
            Predicts the time of a step from computing, latency and bandwidth, with gradients reduced while the backward \
            pass goes on. Known models: \(ModelCost.knownNames.joined(separator: ", ")). Measure what computing takes: \
            train on one rank for a minute and give the run's folder as --compute.
            """)

    @OptionGroup(title: "The training") var training: PlannedTraining
    @OptionGroup(title: "The machines") var machines: PlannedMachines

    @Option(
        name: .customLong("plot"), help: ArgumentHelp("Also draws the plan to an SVG file.", valueName: "file.svg"))
    var plot: String?

    @Flag(help: "Writes one JSON object instead of a table.")
    var json = false

    func validate() throws { _ = try plan() }

    func run() throws {
        let (plan, source) = try plan()
        if let plot {
            try AtomicFile.write(Array(plan.svg(computeSource: source).utf8), to: plot)
        }
        print(json ? try Self.json(of: ScalingReport(plan, computeSource: source)) : plan.text(computeSource: source))
    }

    /// The plan, and where the time of computing is from.
    private func plan() throws -> (ScalingPlan, String) {
        do {
            let (job, source) = try training.job(memoryBandwidth: machines.memoryBandwidth)
            return (ScalingPlan(job, on: try machines.cluster(), nodes: machines.nodes), source)
        } catch let error as PlanningError {
            throw ValidationError(error.description)
        }
    }

    private static func json(of report: ScalingReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "unlimited", negativeInfinity: "-unlimited", nan: "nan")
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }
}
