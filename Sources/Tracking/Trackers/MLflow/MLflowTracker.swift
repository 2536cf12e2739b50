public import Foundation

/// Sends a run to an MLflow server over its REST interface: the configuration as parameters, measurements as metrics.
///
/// The project is the experiment, which is created where there is none. Points are sent many at a time. The run folder's
/// `mlflow.json` has the run's id, so a resumed run goes on with the same run there.
///
/// MLflow cannot remove points. Where a run goes back behind points that were sent, or is resumed behind them, it becomes
/// a new run, with the earlier points copied and the tag `lockstep.continues`; the old one is ended, with the tag
/// `lockstep.continued_by`. So each run there has one point a step.
///
/// A server that asks for credentials gets those of the environment: `MLFLOW_TRACKING_TOKEN`, or
/// `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`.
public struct MLflowTracker: Tracker {
    private let server: MLflowServer
    private var description: TrackedRun?
    private var run: MLflowRun?
    /// The run that takes over from `run`, while points are copied.
    private var successor: MLflowRun?
    /// The highest step that the server may have a point of.
    private var highestStep = Int.min
    /// How many points of a call that failed the server has.
    private var sent = 0

    /// A tracker that starts with the run.
    ///
    /// - Parameters:
    ///   - address: The server's address, such as `http://127.0.0.1:5000`, as `MLFLOW_TRACKING_URI` would name it.
    ///   - environment: Where credentials come from.
    public init(_ address: URL, environment: [String: String] = ProcessInfo.processInfo.environment) {
        server = MLflowServer(address, environment: environment)
    }

    /// How it is called in notices.
    public var name: String { "MLflow at \(server.address)" }

    /// Finds or creates the experiment and the run.
    ///
    /// - Throws: ``TrackingError`` where the server does not answer, or not as it should.
    public mutating func start(_ run: TrackedRun) throws {
        description = run
        // What an attempt that failed has done already is not done again.
        if self.run == nil { self.run = try earlier(run) ?? create(run) }
        guard let current = self.run else { return }
        let contents = try current.contents()
        if let step = run.resumedAfter, let highest = contents?.data?.metrics?.map(\.step).max() {
            highestStep = highest
            if highest > step { return try replace(keepingUpTo: step) }
        }
        let known = Set(contents?.data?.params?.map(\.key) ?? [])
        // Points are worth sending also where the server does not take a parameter.
        var refusal: TrackingError?
        do {
            try current.add(MLflowBody.parameters(run.configuration).filter { !known.contains($0.0) })
        } catch let error as TrackingError where error.code == .pointsRefused {
            refusal = error
        }
        try current.update("RUNNING", end: nil)
        try MLflowRecord.write(current, in: run.folder)
        if let refusal { throw refusal }
    }

    /// Sends points.
    ///
    /// - Throws: ``TrackingError`` as ``start(_:)``.
    public mutating func log(_ points: [TrackedPoint]) throws {
        guard let run else { throw TrackingError(.pointsRefused, "\(server.address) has refused the run.") }
        let metrics = points.flatMap { point in
            point.measurements.map { name, value in
                MLflowAnswer.Metric(
                    key: MLflowBody.name(name), value: value, timestamp: Int(point.time * 1000), step: point.step)
            }
        }
        highestStep = points.reduce(highestStep) { max($0, $1.step) }
        do {
            try run.add(metrics, sent: &sent)
        } catch let error as TrackingError where error.code == .pointsRefused {
            sent = 0
            throw error
        }
        sent = 0
    }

    /// Goes on with a new run where the server has points of later steps.
    ///
    /// - Throws: ``TrackingError`` as ``start(_:)``.
    public mutating func goBack(to step: Int) throws {
        if highestStep > step { try replace(keepingUpTo: step) }
    }

    /// Says how the run ended.
    ///
    /// - Throws: ``TrackingError`` as ``start(_:)``.
    public mutating func finish(_ outcome: TrackedOutcome) throws {
        let now = Date().timeIntervalSince1970
        switch outcome {
        case .finished: try run?.update("FINISHED", end: now)
        case .failed(let message):
            try run?.tag("lockstep.outcome", message)
            try run?.update("FAILED", end: now)
        case .stopped(let message):
            try run?.tag("lockstep.outcome", message)
            try run?.update("KILLED", end: now)
        }
        server.close()
    }

    /// The run on the server that a resumed run goes on with.
    private func earlier(_ run: TrackedRun) throws -> MLflowRun? {
        guard run.resumedAfter != nil, let record = MLflowRecord(in: run.folder),
            record.server == server.address.absoluteString
        else { return nil }
        let earlier = MLflowRun(server: server, id: record.run, experiment: record.experiment)
        return try earlier.contents() == nil ? nil : earlier
    }

    private func create(_ run: TrackedRun, tags: [(String, String)] = []) throws -> MLflowRun {
        try .create(in: MLflowRun.experiment(run.project, on: server), run, tags: tags, on: server)
    }

    /// Makes a new run with the points of the old one up to a step, and ends the old one.
    private mutating func replace(keepingUpTo step: Int) throws {
        guard let old = run, let description else { return }
        if successor == nil { successor = try create(description, tags: [("lockstep.continues", old.id)]) }
        guard let new = successor else { return }
        let parameters = MLflowBody.parameters(description.configuration)
        let known = Set(try new.contents()?.data?.params?.map(\.key) ?? [])
        try new.add(parameters.filter { !known.contains($0.0) })
        for name in try old.contents()?.data?.metrics?.map(\.key) ?? [] {
            // A point that an attempt before this one has sent is the same point to the server.
            var sent = 0
            try new.add(old.history(name).filter { $0.step <= step }, sent: &sent)
        }
        try old.tag("lockstep.continued_by", new.id)
        try old.update("KILLED", end: Date().timeIntervalSince1970)
        try MLflowRecord.write(new, in: description.folder)
        (run, successor, highestStep) = (new, nil, step)
    }
}
