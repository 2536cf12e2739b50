import Foundation

/// A run on an MLflow server.
struct MLflowRun: Sendable {
    /// How many points and how many parameters MLflow takes in one request.
    private static let (pointsPerRequest, parametersPerRequest) = (1000, 100)

    let server: MLflowServer
    let id: String
    let experiment: String

    /// The experiment of a name, which is created where there is none.
    static func experiment(_ name: String, on server: MLflowServer) throws -> String {
        let found = try server.get(
            "experiments/get-by-name", ["experiment_name": name], as: MLflowAnswer.Experiment.self)
        if let found {
            guard found.experiment.lifecycleStage != "deleted" else {
                throw TrackingError(
                    .serverUnavailable,
                    "\(server.address) has deleted the experiment \(name). Restore it, or choose another name.")
            }
            return found.experiment.experimentId
        }
        return try server.post(
            "experiments/create", MLflowBody.object([("name", .value(.text(name)))]),
            as: MLflowAnswer.NewExperiment.self
        ).experimentId
    }

    /// A new run.
    static func create(
        in experiment: String, _ run: TrackedRun, tags: [(String, String)], on server: MLflowServer
    ) throws -> MLflowRun {
        let own = [
            ("mlflow.source.name", run.program), ("mlflow.source.type", "LOCAL"), ("lockstep.folder", run.folder),
        ]
        let created = try server.post(
            "runs/create",
            MLflowBody.object([
                ("experiment_id", .value(.text(experiment))), ("run_name", .value(.text(run.name))),
                ("start_time", .value(.integer(Int(run.start.timeIntervalSince1970 * 1000)))),
                ("tags", MLflowBody.pairs(own + tags)),
            ]), as: MLflowAnswer.Run.self)
        return MLflowRun(server: server, id: created.run.info.runId, experiment: experiment)
    }

    /// What the server has of the run; nil where it has none of this id, or has deleted it.
    func contents() throws -> MLflowAnswer.Run.Contents? {
        let run = try server.get("runs/get", ["run_id": id], as: MLflowAnswer.Run.self)?.run
        return run?.info.lifecycleStage == "deleted" ? nil : run
    }

    /// Adds parameters.
    func add(_ parameters: [(String, String)]) throws {
        for start in stride(from: 0, to: parameters.count, by: Self.parametersPerRequest) {
            let part = Array(parameters[start..<min(start + Self.parametersPerRequest, parameters.count)])
            try send("runs/log-batch", [("params", MLflowBody.pairs(part))])
        }
    }

    /// Adds points, from one that is behind as many as `sent` says, which is counted up.
    func add(_ points: [MLflowAnswer.Metric], sent: inout Int) throws {
        while sent < points.count {
            let part = points[sent..<min(sent + Self.pointsPerRequest, points.count)]
            try send("runs/log-batch", [("metrics", MLflowBody.metrics(part))])
            sent += part.count
        }
    }

    /// Sets a tag.
    func tag(_ name: String, _ value: String) throws {
        try send("runs/set-tag", [("key", .value(.text(name))), ("value", .value(.text(String(value.prefix(5000)))))])
    }

    /// Sets the state: `RUNNING`, or another one with the time at which it ended.
    func update(_ status: String, end: Double?) throws {
        var fields: [(String, MLflowBody.Field)] = [("status", .value(.text(status)))]
        if let end { fields.append(("end_time", .value(.integer(Int(end * 1000))))) }
        try send("runs/update", fields)
    }

    /// All points of a metric.
    func history(_ name: String) throws -> [MLflowAnswer.Metric] {
        var points: [MLflowAnswer.Metric] = []
        var page: String?
        repeat {
            var query = ["run_id": id, "metric_key": name, "max_results": "25000"]
            if let page { query["page_token"] = page }
            let answer = try server.get("metrics/get-history", query, as: MLflowAnswer.History.self)
            points += answer?.metrics ?? []
            page = answer?.nextPageToken.flatMap { $0.isEmpty ? nil : $0 }
        } while page != nil
        return points
    }

    private func send(_ call: String, _ fields: [(String, MLflowBody.Field)]) throws {
        try server.post(
            call, MLflowBody.object([("run_id", .value(.text(id)))] + fields), as: MLflowAnswer.Empty.self)
    }
}
