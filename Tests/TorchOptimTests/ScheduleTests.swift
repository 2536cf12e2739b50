import Foundation
import OrderedCollections
import Testing
import Torch
import TorchNN
import TorchOptim

/// The learning rates that a schedule of PyTorch's gave.
struct ScheduleCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Options: Decodable, Sendable {
        let stepSize: Int?
        let gamma: Double?
        let milestones: [Int]?
        let factor: Double?
        let totalIters: Int?
        let tMax: Int?
        let etaMin: Double?
        let startFactor: Double?
        let endFactor: Double?
        let maxLr: Numbers?
        let totalSteps: Int?
        let epochs: Int?
        let stepsPerEpoch: Int?
        let pctStart: Double?
        let annealStrategy: String?
        let threePhase: Bool?
        let divFactor: Double?
        let finalDivFactor: Double?
        let baseMomentum: Double?
        let maxMomentum: Double?
        let cycleMomentum: Bool?
        let schedules: [Part]?
    }

    struct Part: Decodable, Sendable {
        let schedule: String
        let options: Options
    }

    /// One number, or one a group.
    struct Numbers: Decodable, Sendable {
        let values: [Double]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            values = try (try? [container.decode(Double.self)]) ?? container.decode([Double].self)
        }
    }

    let name: String
    let optimizer: String
    let learningRates: [Double]
    let schedule: String
    let options: Options
    let rates: [[Double]]
    let momenta: [[Double]]?

    var testDescription: String { name }

    static let all = Fixture.cases(ScheduleCase.self, of: "schedules.json")

    /// PyTorch's schedule here; one maximum a group is each group's own learning rate.
    func makeSchedule() throws -> any LearningRateSchedule {
        try Self.make(Part(schedule: schedule, options: options))
    }

    var bases: [Double] {
        guard let maxima = options.maxLr?.values, maxima.count > 1 else { return learningRates }
        return maxima
    }

    private static func make(_ part: Part) throws -> any LearningRateSchedule {
        let options = part.options
        switch part.schedule {
        case "StepLR": return StepDecay(every: try #require(options.stepSize), gamma: options.gamma ?? 0.1)
        case "MultiStepLR": return MultiStep(at: try #require(options.milestones), gamma: options.gamma ?? 0.1)
        case "ExponentialLR": return ExponentialDecay(gamma: try #require(options.gamma))
        case "ConstantLR": return Constant(factor: options.factor ?? 1.0 / 3, steps: options.totalIters ?? 5)
        case "LinearLR":
            return LinearRamp(
                from: options.startFactor ?? 1.0 / 3, to: options.endFactor ?? 1, steps: options.totalIters ?? 5)
        case "CosineAnnealingLR":
            return CosineAnnealing(steps: try #require(options.tMax), minimum: options.etaMin ?? 0)
        case "OneCycleLR":
            let maxima = try #require(options.maxLr).values
            let range = (options.baseMomentum ?? 0.85)...(options.maxMomentum ?? 0.95)
            return OneCycle(
                steps: options.totalSteps ?? (options.epochs ?? 0) * (options.stepsPerEpoch ?? 0),
                maxLearningRate: maxima.count == 1 ? maxima[0] : nil, rise: options.pctStart ?? 0.3,
                shape: options.annealStrategy == "linear" ? .linear : .cosine,
                momenta: options.cycleMomentum == false ? nil : range, startDivisor: options.divFactor ?? 25,
                endDivisor: options.finalDivFactor ?? 1e4, threePhases: options.threePhase ?? false)
        case "SequentialLR":
            let parts = try #require(options.schedules).map(make)
            let milestones = try #require(options.milestones)
            var schedule = parts[0]
            for (next, milestone) in zip(parts.dropFirst(), milestones) {
                schedule = schedule.then(next, at: milestone)
            }
            return schedule
        default:
            Issue.record("\(part.schedule) has no counterpart here")
            return Constant()
        }
    }
}

@Suite("Schedules")
struct ScheduleTests {
    private func optimizer(_ name: String, _ rates: [Double]) -> any Optimizer {
        func parameters(_ group: Int) -> [NamedParameter] {
            [NamedParameter("p\(group)", Tensor.zeros([1]).requiringGrad())]
        }
        if name == "Adam" {
            return Adam(rates.enumerated().map { ParameterGroup(parameters($0.offset), learningRate: $0.element) })
        }
        return SGD(
            rates.enumerated().map { ParameterGroup(parameters($0.offset), learningRate: $0.element) }, momentum: 0.9)
    }

    private func expectEqual(_ found: Double, _ expected: Double, _ comment: Comment) {
        // PyTorch multiplies step by step, which leaves its own rounding behind.
        #expect(abs(found - expected) <= 1e-12 * max(abs(expected), 1e-3), comment)
    }

    @Test("learning rates and momenta are PyTorch's at every step", arguments: ScheduleCase.all)
    func rates(_ example: ScheduleCase) throws {
        let optimizer = optimizer(example.optimizer, example.bases)
        let scheduler = Scheduler(optimizer, try example.makeSchedule())
        for step in 0..<50 {
            for group in example.rates.indices {
                expectEqual(optimizer.learningRates[group], example.rates[group][step], "group \(group), step \(step)")
                if let momenta = example.momenta {
                    expectEqual(optimizer.momenta[group], momenta[group][step], "momentum \(group), step \(step)")
                }
            }
            #expect(scheduler.currentStep == step)
            #expect(scheduler.learningRates(at: step) == optimizer.learningRates)
            scheduler.step()
        }
    }

    @Test("warm-up rises to the schedule's first value and then follows it", arguments: [1, 3, 10])
    func warmup(_ steps: Int) {
        let cosine = CosineAnnealing(steps: 20)
        let schedule = cosine.warmup(steps: steps, from: 0.1)
        #expect(schedule.learningRate(at: 0, base: 2) == 0.2)
        for step in 0..<20 {
            #expect(schedule.learningRate(at: steps + step, base: 2) == cosine.learningRate(at: step, base: 2))
        }
    }

    @Test("a cycle stays at its end")
    func cycleEnd() {
        let cycle = OneCycle(steps: 10, maxLearningRate: 1)
        let end = cycle.learningRate(at: 9, base: 0)
        #expect(abs(end - 1 / 25e4) < 1e-18)
        #expect(cycle.learningRate(at: 10, base: 0) == end)
        #expect(cycle.learningRate(at: 1_000, base: 0) == end)
        #expect(cycle.momentum(at: 1_000, base: 0) == 0.95)
    }

    @Test("a cycle without a rise, all rise, or a single step has finite rates", arguments: [0, 0.5, 1])
    func narrowCycles(_ rise: Double) {
        for steps in 1...4 {
            for threePhases in [false, true] {
                let cycle = OneCycle(steps: steps, maxLearningRate: 1, rise: rise, threePhases: threePhases)
                for step in 0..<steps {
                    let rate = cycle.learningRate(at: step, base: 0)
                    #expect(rate.isFinite && rate > 0 && rate <= 1, "\(steps) steps, step \(step)")
                }
            }
        }
    }

    @Test("a scheduler goes on at the step of its state, whatever the optimizer's learning rate is then")
    func resume() throws {
        let schedule = CosineAnnealing(steps: 40, minimum: 1e-3).warmup(steps: 4)
        let first = optimizer("SGD", [0.1, 0.02])
        let scheduler = Scheduler(first, schedule)
        for _ in 0..<17 { scheduler.step() }

        let second = optimizer("SGD", [5, 5])
        let resumed = Scheduler(second, schedule)
        try resumed.load(scheduler.stateDictionary())
        for _ in 0..<10 {
            #expect(second.learningRates == first.learningRates)
            scheduler.step()
            resumed.step()
        }
    }

    @Test("a state of another number of groups, or without a step, is refused whole")
    func refusal() throws {
        let scheduler = Scheduler(optimizer("SGD", [0.1, 0.02]), StepDecay(every: 3))
        scheduler.step()
        var state = Scheduler(optimizer("SGD", [1]), StepDecay(every: 3)).stateDictionary()
        state["step"] = nil
        let error = #expect(throws: StateDictionaryError.self) { try scheduler.load(state) }
        #expect(error?.missing == ["step"])
        #expect(error?.mismatched.map(\.name) == ["base_learning_rates", "base_momenta"])
        #expect(scheduler.currentStep == 1)
        #expect(scheduler.optimizer.learningRates == [0.1, 0.02])
    }

    @Test(
        "a damaged state is an error and not the end of the program",
        arguments: [("step", [-1.0]), ("base_learning_rates", [.nan]), ("base_momenta", [1.5])])
    func damaged(_ name: String, _ values: [Double]) throws {
        let scheduler = Scheduler(optimizer("Adam", [0.1]), StepDecay(every: 3))
        var state = scheduler.stateDictionary()
        state[name] = Tensor(copying: values).reshape(try #require(state[name]).shape)
        let error = try #require(throws: TorchError.self) { try scheduler.load(state) }
        #expect(error.message.contains("`\(name)`"))
        #expect(scheduler.optimizer.learningRates == [0.1])
    }
}
