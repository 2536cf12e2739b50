import Planning
import Testing

@Suite("A plan predicts steps")
struct ScalingPlanTests {
    static func cluster(
        bandwidth: Double = 1.25e9, latency: Double = 50e-6, memory: Double = 50e9, ranksPerNode: Int = 1,
        allReduce: Cluster.AllReduce = .ring
    ) throws -> Cluster {
        Cluster(
            nodes: 1, ranksPerNode: ranksPerNode, network: try Link(bandwidth: bandwidth, latency: latency),
            local: try Link(bandwidth: 5e9, latency: 1e-5, payloadShare: 1), allReduce: allReduce,
            memoryBandwidth: memory)
    }

    static func job(
        _ name: String = "resnet18", seconds: Double = 1e-3, batchSize: Int = 32, bucketBytes: Int = 25 << 20
    ) throws -> TrainingJob {
        try TrainingJob(
            model: .known(name), batchSize: batchSize, secondsPerSample: seconds, bucketBytes: bucketBytes)
    }

    @Test("without limits of link and memory every rank adds as much as the first", arguments: ModelCost.knownNames)
    func unlimited(_ name: String) throws {
        let plan = ScalingPlan(
            try Self.job(name), on: try Self.cluster(bandwidth: .infinity, latency: 0, memory: .infinity),
            nodes: try NodeCounts("1...64"))
        for prediction in plan.predictions {
            #expect(prediction.efficiency == 1 && prediction.limit == .compute)
            #expect(abs(prediction.samplesPerSecond - 1000 * Double(prediction.nodes)) < 1e-6)
        }
        #expect(plan.limits == [.init(limit: .compute, first: 1, last: 64)])
    }

    @Test("one rank does not wait", arguments: Cluster.AllReduce.allCases)
    func alone(_ way: Cluster.AllReduce) throws {
        let one = StepPrediction(of: try Self.job(), on: try Self.cluster(bandwidth: 1, latency: 10, allReduce: way))
        #expect(one.efficiency == 1 && one.exposed.total == 0 && one.communication.total == 0)
        // 32 samples, and an optimizer that moves 12 bytes a parameter
        #expect(abs(one.stepSeconds - (0.032 + 11_689_512 * 12 / 50e9)) < 1e-12)
    }

    @Test(
        "more nodes never make a step shorter or more efficient",
        arguments: ["resnet18", "fashion-mnist", "toy"], [1e6, 125e6, 12.5e9])
    func monotonicInNodes(_ name: String, _ bandwidth: Double) throws {
        for way in Cluster.AllReduce.allCases {
            let cluster = try Self.cluster(bandwidth: bandwidth, ranksPerNode: 2, allReduce: way)
            let steps = ScalingPlan(try Self.job(name), on: cluster, nodes: try NodeCounts("1...130")).predictions
            for (one, next) in zip(steps, steps.dropFirst()) {
                #expect(next.stepSeconds >= one.stepSeconds * (1 - 1e-12), "\(way), \(next.nodes) nodes")
                #expect(next.efficiency <= one.efficiency * (1 + 1e-12))
            }
        }
    }

    @Test func `a faster link never makes a step longer, and more latency never shorter`() throws {
        func step(_ bandwidth: Double, _ latency: Double) throws -> Double {
            var cluster = try Self.cluster(bandwidth: bandwidth, latency: latency)
            cluster.nodes = 8
            return StepPrediction(of: try Self.job(), on: cluster).stepSeconds
        }
        let byBandwidth = try [1e6, 1e7, 1e8, 1e9, 1e10, .infinity].map { try step($0, 1e-5) }
        #expect(byBandwidth == byBandwidth.sorted(by: >))
        let byLatency = try [0, 1e-6, 1e-4, 1e-2].map { try step(1e9, $0) }
        #expect(byLatency == byLatency.sorted())
    }

    @Test func `what the backward pass hides is not waited for`() throws {
        // Two layers that are alike but for the first's missing gradient of the input: 2 of 3 parts of the backward
        // pass are done when the first bucket leaves.
        let model = ModelCost.perceptron("two", widths: [1000, 1000, 1000])
        let job = try TrainingJob(model: model, batchSize: 10, secondsPerSample: 0.05, bucketBytes: 1 << 20)
        #expect(job.buckets.count == 2)
        // Forward 2 of 5 parts of 0.5 s, backward 3 of 5.
        #expect(abs(job.forwardSeconds - 0.2) < 1e-12 && abs(job.backwardSeconds - 0.3) < 1e-12)
        let bytes = 4.0 * 1_001_000
        func step(_ bandwidth: Double) throws -> StepPrediction {
            let link = try Link(bandwidth: bandwidth, latency: 0, payloadShare: 1)
            return StepPrediction(
                of: job, on: Cluster(nodes: 2, network: link, local: link, memoryBandwidth: .infinity))
        }
        // An all-reduce of 0.05 s: the first is hidden in the last 0.1 s, the second is not.
        let fast = try step(bytes / 0.05)
        #expect(abs(fast.exposed.total - 0.05) < 1e-12 && abs(fast.communication.total - 0.1) < 1e-12)
        // Of 0.3 s: the first ends 0.2 s after the backward pass, and the second follows it.
        let slow = try step(bytes / 0.3)
        #expect(abs(slow.exposed.total - 0.5) < 1e-12)
        #expect(abs(slow.stepSeconds - 1.0) < 1e-12 && abs(slow.efficiency - 0.5) < 1e-12)
    }

    @Test func `the limit is bandwidth for many bytes and latency for many messages`() throws {
        let large = ScalingPlan(
            try Self.job(), on: try Self.cluster(bandwidth: 6.25e6, latency: 1e-6), nodes: try NodeCounts("1...8"))
        #expect(
            large.limits == [
                .init(limit: .compute, first: 1, last: 1), .init(limit: .bandwidth, first: 2, last: 8),
            ])
        let small = ScalingPlan(
            try Self.job("toy", seconds: 1e-4), on: try Self.cluster(latency: 1e-3), nodes: try NodeCounts("1,2,64"))
        #expect(small.predictions.map(\.limit) == [.compute, .latency, .latency])
        #expect(small.limits.last == .init(limit: .latency, first: 2, last: 64))
    }

    @Test("a number that cannot be is refused", arguments: [(0, 1e-3, 1), (8, 0, 1), (8, .nan, 1), (8, 1e-3, 0)])
    func refused(_ batchSize: Int, _ seconds: Double, _ bucketBytes: Int) {
        #expect(throws: PlanningError.self) {
            try Self.job(seconds: seconds, batchSize: batchSize, bucketBytes: bucketBytes)
        }
    }

    @Test func `a measured step is a sample's time without the optimizer`() throws {
        let model = try ModelCost.known("fashion-mnist")
        func seconds(_ step: Double, memory: Double) -> Double {
            TrainingJob.secondsPerSample(
                stepSeconds: step, batchSize: 32, model: model, optimizer: .adam, memoryBandwidth: memory)
        }
        #expect(abs(seconds(0.01, memory: 10e9) * 32 - (0.01 - 669_706 * 28 / 10e9)) < 1e-12)
        // The memory seems slower than it can be: half of the step is left.
        #expect(abs(seconds(0.01, memory: 1e6) * 32 - 0.005) < 1e-12)
    }
}
