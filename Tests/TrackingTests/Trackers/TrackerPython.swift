import Foundation
import LockstepTesting
import Testing

/// The Python that has what reads trackers' files: TensorBoard, Weights & Biases, MLflow.
///
/// They are in the same `.venv` as PyTorch. Continuous integration fails where they are not.
enum TrackerPython {
    /// Whether tests should ask it.
    static let isAvailable: Bool = {
        if ProcessInfo.processInfo.environment["CI"] != nil { return true }
        guard PyTorchPython.executable != nil else { return false }
        return (try? PyTorchPython.run("import tensorboard, wandb, mlflow, flask, flask_cors, sqlalchemy")) != nil
    }()

    static let absence: Comment =
        "no Python with TensorBoard, Weights & Biases and MLflow: make .venv with `make python`, or name one in LOCKSTEP_PYTHON"

    /// Runs a script that prints JSON.
    static func json<Value: Decodable>(_ type: Value.Type, _ script: String, _ arguments: [String]) throws -> Value {
        try JSONDecoder().decode(type, from: Data(PyTorchPython.run(script, arguments: arguments).utf8))
    }
}
