public import ArgumentParser
import Foundation
import MetricsEndpoint

/// Where a run's numbers go beside `metrics.jsonl` and `metrics.csv`, and what people look at.
public struct TrackerOptions: ParsableArguments, Sendable {
    /// Whether event files for TensorBoard are written.
    @Flag(inversion: .prefixedNo, help: "Event files for TensorBoard in the run's folder.")
    public var tensorboard = true

    /// The project of an offline run of Weights & Biases; nil for none.
    @Option(
        help: ArgumentHelp(
            "Writes an offline run of Weights & Biases under this project, for `wandb sync`.", valueName: "project"))
    public var wandb: String?

    /// The address of an MLflow server; nil for none.
    @Option(help: ArgumentHelp("Sends the numbers to an MLflow server.", valueName: "url"))
    public var mlflow: String?

    /// Where the latest numbers are served for Prometheus; nil for nowhere.
    @Option(
        help: ArgumentHelp(
            "Serves the latest numbers for Prometheus at /metrics; on the loopback interface unless a host is named.",
            valueName: "[host:]port"))
    public var metricsEndpoint: String?

    /// Whether `report.html` is written at the end.
    @Flag(inversion: .prefixedNo, help: "A report in the run's folder at the end, report.html.")
    public var report = true

    /// Whether the live board is served while the training runs.
    @Flag(help: "Serves a page on this machine that follows this run and others beside it, while the training runs.")
    public var board = false

    /// The options before a command line has been read.
    public init() {}

    /// Refuses what cannot be meant.
    public func validate() throws {
        if wandb?.isEmpty == true { throw ValidationError("--wandb: expected the name of a project") }
        if let mlflow, mlflowAddress == nil {
            throw ValidationError("--mlflow \(mlflow): expected an address such as http://127.0.0.1:5000")
        }
        do {
            _ = try metricsAddress
        } catch {
            throw ValidationError("--metrics-endpoint: \(error)")
        }
    }

    var mlflowAddress: URL? {
        guard let mlflow, let url = URL(string: mlflow), ["http", "https"].contains(url.scheme), url.host != nil else {
            return nil
        }
        return url
    }

    var metricsAddress: MetricsAddress? {
        get throws { try metricsEndpoint.map { try MetricsAddress($0) } }
    }
}
