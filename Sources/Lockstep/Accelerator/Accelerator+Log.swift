public import Torch
import Tracking

/// What can be logged: a tensor with one element, or a number.
public protocol Loggable {
    /// Adds itself to a step's values.
    func appendLogged(as name: String, to step: inout LoggedStep)
}

/// The values of one step on their way into the record.
public struct LoggedStep {
    fileprivate(set) var values: [(name: String, value: LoggedNumber)] = []
}

extension Tensor: Loggable {
    /// Takes the value as it is now, without waiting for it and without its history.
    public func appendLogged(as name: String, to step: inout LoggedStep) {
        guard count == 1 else {
            stop("log: `\(name)` has \(count) elements; log its mean or sum", operands: [self])
        }
        step.values.append((name, .tensor(detach())))
    }
}

extension Double: Loggable {
    /// Takes the number.
    public func appendLogged(as name: String, to step: inout LoggedStep) { step.values.append((name, .number(self))) }
}

extension Int: Loggable {
    /// Takes the number.
    public func appendLogged(as name: String, to step: inout LoggedStep) { step.values.append((name, .integer(self))) }
}

extension Accelerator {
    private static let learningRate = "learning_rate"

    /// Adds a line about this step to `metrics.jsonl`, with the main process's values; a value named `loss` is shown beside the progress bar.
    ///
    /// Call it after the optimizer's step. It does not wait: values are read a few steps later.
    /// ```swift
    /// accelerator.log(["loss": loss, "learning_rate": rate])
    /// ```
    public func log(_ values: KeyValuePairs<String, any Loggable>) {
        // A step that is left out is followed by one of the same number.
        guard isMainProcess, !loop.areSuspended else { return }
        var logged = LoggedStep()
        for (name, value) in values { value.appendLogged(as: name, to: &logged) }
        // A rate that a schedule changes belongs to the step, and everybody wants to see it.
        if let rate = loop.scheduledRate, !values.contains(where: { $0.key == Self.learningRate }) {
            rate.appendLogged(as: Self.learningRate, to: &logged)
        }
        log.append(.init(step: step, epoch: epoch, seconds: loop.seconds, values: logged.values))
        if log.isFull { flushLog() }
    }

    /// Reads the values that wait, and writes them.
    func flushLog() {
        for entry in log.take() {
            var record: MetricsRecord = ["step": .integer(entry.step), "epoch": .integer(entry.epoch)]
            for (name, value) in entry.values {
                let value = value.recordValue
                record[name] = value
                if name == "loss" { display.advance(by: 0, loss: value.doubleValue) }
            }
            write(record, at: entry.seconds)
        }
    }
}
