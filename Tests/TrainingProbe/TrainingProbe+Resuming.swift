import Foundation
import Lockstep

extension TrainingProbe {
    /// Trains what has every kind of state: running statistics, random draws, momentum, a schedule and a sum of its own.
    func trainResumably(_ accelerator: Accelerator) async throws {
        let generator = Generator(seed: 4)
        let network = Normalized(generator)
        network.to(.float64)
        let plain = Linear(3, 2, generator: generator)
        plain.to(.float64)
        let loss = MSELoss()
        let optimizer = Adam(isPlain ? plain.parameters : network.parameters, learningRate: 0.01)
        let (model, statistics, adam, scheduler, loader) = try accelerator.prepare(
            plain, network, optimizer, Scheduler(optimizer, StepDecay(every: 3, gamma: 0.9)),
            DataLoader(points(), batchSize: batchSize, shuffle: true))
        let sum = RunningSum()
        try accelerator.register(sum, as: "sum")
        for _ in accelerator.epochs(1000) {
            for try await (inputs, targets) in accelerator.progress(loader) {
                try accelerator.accumulate(over: accumulate) {
                    let value = loss(isPlain ? model(inputs) : statistics(inputs), targets)
                    try accelerator.backward(value)
                    sum.add(Double(value))
                } step: {
                    try adam.step()
                    adam.zeroGrad()
                    scheduler.step()
                    accelerator.log(["loss": sum.value])
                    interrupt(accelerator)
                }
            }
            // Draws between the epochs, as those of an evaluation with random transforms.
            accelerator.log(["drawn": Tensor.randn([1], dtype: .float64)])
        }
    }

    /// What goes wrong after a step, the first time: `PROBE_INTERRUPTION` is such as `10 kill`, for the last rank.
    private func interrupt(_ accelerator: Accelerator) {
        let environment = ProcessInfo.processInfo.environment
        let words = environment["PROBE_INTERRUPTION"]?.split(separator: " ") ?? []
        guard words.count == 2, accelerator.step == Int(words[0]), accelerator.rank == accelerator.worldSize - 1,
            (environment["TORCHELASTIC_RESTART_COUNT"] ?? "0") == "0"
        else { return }
        let interruption = words[1]
        let signal = interruption == "kill" ? SIGKILL : interruption.hasPrefix("term") ? SIGTERM : SIGUSR1
        kill(interruption.hasSuffix("launcher") ? getppid() : getpid(), signal)
    }
}

/// Layers with running statistics and random draws between two linear ones.
private final class Normalized: Module, Layer {
    let first: Linear
    let norm = BatchNorm2d(8)
    let dropout = Dropout(0.3)
    let second: Linear

    init(_ generator: Generator) {
        first = Linear(3, 8, generator: generator)
        second = Linear(8, 2, generator: generator)
        super.init()
    }

    func forward(_ input: Tensor) -> Tensor {
        second(dropout(norm(first(input).reshape(-1, 8, 1, 1)).reshape(-1, 8)))
    }
}

/// A sum that goes through the whole training.
final class RunningSum: Stateful {
    private(set) var value = 0.0

    func add(_ number: Double) { value += number }
    func stateDictionary() -> StateDictionary { ["value": Tensor(value, dtype: .float64)] }
    func load(_ state: StateDictionary) throws { value = state["value"]?.item() ?? 0 }
}
