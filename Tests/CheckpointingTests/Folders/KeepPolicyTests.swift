import Checkpointing
import Testing

@Suite("Policies say which checkpoints stay")
struct KeepPolicyTests {
    /// Steps 10 to 60, with losses and accuracies; 40 has neither.
    private static let checkpoints: [(step: Int, metrics: [String: Double])] = [
        (30, ["loss": 0.5, "accuracy": 0.8]), (10, ["loss": 0.9, "accuracy": 0.5]),
        (20, ["loss": 0.5, "accuracy": 0.9]),
        (40, [:]), (50, ["loss": .nan, "accuracy": .infinity]), (60, ["loss": 0.7, "accuracy": 0.1]),
    ]

    @Test(
        "each keeps its own, the newest stays always, and together they keep what any keeps",
        arguments: [
            (.all, [10, 20, 30, 40, 50, 60]), (.last(1), [60]), (.last(3), [40, 50, 60]), (.last(0), [60]),
            (.last(-1), [60]), (.last(100), [10, 20, 30, 40, 50, 60]),
            (.best(1, of: "loss", .lowest), [20, 60]), (.best(2, of: "loss", .lowest), [20, 30, 60]),
            (.best(1, of: "loss", .highest), [10, 60]), (.best(100, of: "loss", .lowest), [10, 20, 30, 60]),
            (.best(2, of: "accuracy", .highest), [20, 50, 60]), (.best(0, of: "loss", .lowest), [60]),
            (.best(1, of: "other", .lowest), [60]),
            (.every(20), [20, 40, 60]), (.every(1), [10, 20, 30, 40, 50, 60]), (.every(0), [60]), (.every(7), [60]),
            (KeepPolicy.last(2).and(.every(30)), [30, 50, 60]),
            (KeepPolicy.last(1).and(.best(1, of: "loss", .lowest)).and(.every(50)), [20, 50, 60]),
        ] as [(KeepPolicy, [Int])])
    func kept(_ policy: KeepPolicy, _ steps: [Int]) {
        #expect(policy.keptSteps(of: Self.checkpoints).sorted() == steps)
    }

    @Test("of nothing, nothing is kept")
    func nothing() {
        #expect(KeepPolicy.last(3).and(.all).keptSteps(of: []).isEmpty)
    }
}
