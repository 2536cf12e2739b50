import Foundation

@testable import Tracking

extension TrackedRun {
    /// A run in a folder of a test.
    static func test(_ folder: String, after step: Int? = nil) -> TrackedRun {
        TrackedRun(
            program: "toy", project: "lockstep-tests", name: "a run", folder: folder,
            configuration: [
                "epochs": 2, "learningRate": 0.01, "name": "größe, \"x\"", "betas": [0.9, 0.999], "shuffle": true,
                "limit": nil,
            ], start: Date(timeIntervalSince1970: 1_700_000_000), resumedAfter: step)
    }
}

extension Tracker {
    /// Logs a record for each step, whose loss is the step.
    mutating func log(steps: some Sequence<Int>, loss: (Int) -> Double = { Double($0) }) throws {
        try log(
            steps.map { step in
                TrackedPoint(
                    [
                        "step": .integer(step), "epoch": 1, "loss": .number(loss(step)),
                        "seconds": .number(Double(step) / 10),
                    ],
                    time: 1_700_000_000 + Double(step), step: step)
            })
    }
}
