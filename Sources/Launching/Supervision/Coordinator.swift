import Foundation

/// Node 0's launcher: lets the machines meet, and runs generation after generation of the job.
struct Coordinator {
    private let launcher: Launcher
    private let events: EventPipe
    private let nodeCount: Int
    private let jobName = UUID().uuidString
    private var rendezvous: Rendezvous

    /// Serves the store; the other machines can join from now on.
    ///
    /// - Throws: ``LaunchError`` with `portInUse` or `addressUnavailable`.
    init(_ launcher: Launcher, telling events: EventPipe) throws {
        self.launcher = launcher
        self.events = events
        nodeCount = launcher.nodes?.count ?? 1
        rendezvous = try Rendezvous(launcher.description, at: launcher.nodes, telling: events)
    }

    /// Runs the job to its end, and returns the report's lines.
    ///
    /// - Throws: ``LaunchError`` where the machines do not come together or the ranks cannot be started.
    mutating func run() throws -> (JobOutcome, report: [String]) {
        defer { rendezvous.close() }
        var policy = RestartPolicy(limit: launcher.maxRestarts)
        var runFolder: String?
        func ended(_ outcome: JobOutcome, _ report: [String]) -> (JobOutcome, report: [String]) {
            OutcomeFile.write(outcome, report, in: runFolder)
            return end(outcome, report)
        }
        while true {
            if let interruption = try rendezvous.gather() { return end(interruption) }
            if runFolder == nil {
                runFolder = try launcher.runFolder?()
                OutcomeFile.remove(from: runFolder)
            }
            let start = ContinuousClock.now
            var (outcome, report) = try runGeneration(policy.restarts, in: runFolder)
            switch policy.decide(after: outcome, lasting: start.duration(to: .now)) {
            case .finish(let note):
                report += note.map { [$0] } ?? []
                return ended(outcome, report)
            case .restart(let note):
                for line in report + [note] {
                    StandardError.write(line)
                    rendezvous.nodes.broadcast(.note(line))
                }
                rendezvous.server.reset()
            }
        }
    }

    private mutating func runGeneration(_ number: Int, in folder: String?) throws -> (JobOutcome, report: [String]) {
        let nodes = rendezvous.nodes.descriptions
        var ranges: [Range<Int>] = []
        for node in nodes {
            let first = ranges.last?.upperBound ?? 0
            ranges.append(first..<first + node.processCount)
        }
        let plans = ranges.map { range in
            NodePlan(
                generation: number, firstRank: range.lowerBound, worldSize: ranges.last?.upperBound ?? 0,
                nodeCount: nodeCount, masterPort: rendezvous.server.port, job: jobName, runFolder: folder)
        }
        var generation: Generation
        do {
            let setting = RankSetting(plan: plans[0], node: 0, master: rendezvous.address, local: rendezvous.address)
            generation = try Generation(
                setting, nodes: zip(nodes.map(\.name), ranges).map { ($0, $1) }, launcher, telling: events)
        } catch {
            rendezvous.nodes.broadcast(.refused("\(nodes[0].name): \(error)"))
            throw error
        }
        for (node, plan) in plans.enumerated().dropFirst() { rendezvous.nodes.send(.start(plan), to: node) }
        return generation.run(with: &rendezvous.nodes)
    }

    /// Tells the other machines how the job has ended.
    private func end(_ outcome: JobOutcome, _ report: [String]) -> (JobOutcome, report: [String]) {
        rendezvous.nodes.broadcast(.end(outcome, report: report))
        return (outcome, report)
    }

    private func end(_ interruption: Rendezvous.Interruption) -> (JobOutcome, report: [String]) {
        let outcome = JobOutcome.interrupted(by: interruption.signal, at: interruption.node)
        let names = nodeCount > 1 ? rendezvous.nodes.descriptions.map(\.name) : []
        return end(outcome, JobReport.lines(for: outcome, [:], nodes: names))
    }
}
