import Foundation
import LockstepTesting

/// A real MLflow server: MLflow's own application and store, on a free port of the loopback interface.
final class MLflowTestServer {
    private static let script = """
        import os, sys
        os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
        from mlflow.server import handlers
        folder = sys.argv[1]
        handlers.initialize_backend_stores(f"sqlite:///{folder}/mlflow.db", default_artifact_root=f"{folder}/artifacts")
        from mlflow.server import app
        from werkzeug.serving import make_server
        server = make_server("127.0.0.1", 0, app, threaded=True)
        print(server.port, flush=True)
        server.serve_forever()
        """

    let address: URL
    private let process = Process()
    private let folder: TemporaryFolder

    /// Starts it and waits until it listens.
    init() throws {
        folder = try TemporaryFolder()
        process.executableURL = URL(fileURLWithPath: PyTorchPython.executable ?? "python3")
        process.arguments = ["-c", Self.script, folder.path]
        let output = Pipe()
        process.standardOutput = output
        try Data().write(to: URL(fileURLWithPath: folder.path("errors")))
        process.standardError = FileHandle(forWritingAtPath: folder.path("errors"))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            line.append(data)
        }
        let port = Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        guard let port, let address = URL(string: "http://127.0.0.1:\(port)") else {
            process.terminate()
            process.waitUntilExit()
            let errors = (try? String(contentsOfFile: folder.path("errors"), encoding: .utf8)) ?? ""
            throw TestFailure(description: "MLflow's server does not start:\n\(errors)")
        }
        self.address = address
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// A run as MLflow's own client sees it.
    struct Run: Decodable {
        let id: String
        let name: String
        let status: String
        let params: [String: String]
        let tags: [String: String]
        /// Step and value by metric, in the order of the steps; a value as Python writes it.
        let metrics: [String: [[String]]]
        let times: [String: [Int]]
    }

    /// The runs of an experiment, the oldest first.
    func runs(of experiment: String) throws -> [Run] {
        let script = """
            import json, sys
            from mlflow.tracking import MlflowClient
            client = MlflowClient(sys.argv[1])
            experiment = client.get_experiment_by_name(sys.argv[2])
            runs = []
            for run in client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"]):
                metrics = {k: sorted(client.get_metric_history(run.info.run_id, k), key=lambda m: m.step)
                           for k in run.data.metrics}
                runs.append({
                    "id": run.info.run_id, "name": run.info.run_name, "status": run.info.status,
                    "params": run.data.params, "tags": run.data.tags,
                    "metrics": {k: [[str(m.step), repr(m.value)] for m in v] for k, v in metrics.items()},
                    "times": {k: [m.timestamp for m in v] for k, v in metrics.items()}})
            print(json.dumps(runs))
            """
        let text = try PyTorchPython.run(script, arguments: [address.absoluteString, experiment])
        return try JSONDecoder().decode([Run].self, from: Data(text.utf8))
    }
}
