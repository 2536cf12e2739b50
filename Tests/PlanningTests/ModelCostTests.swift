import Planning
import Testing

@Suite("The costs of models follow from their shapes")
struct ModelCostTests {
    @Test(
        "known models have as many parameters as torchvision's and the examples'",
        arguments: [
            ("resnet18", 11_689_512), ("resnet34", 21_797_672), ("resnet50", 25_557_032),
            ("cifar10-resnet18", 11_181_642), ("fashion-mnist", 669_706), ("mnist-two-machines", 203_530),
            ("toy", 752), ("template", 11),
        ])
    func parameters(_ name: String, _ expected: Int) throws {
        #expect(try ModelCost.known(name).parameterCount == expected)
    }

    @Test(
        "a forward pass has the published multiplications",
        // torchvision's documentation: GFLOPS of each set of weights, where a multiplication and an addition are one.
        arguments: [("resnet18", 1.81e9), ("resnet34", 3.66e9), ("resnet50", 4.09e9)])
    func operations(_ name: String, _ multiplications: Double) throws {
        let model = try ModelCost.known(name)
        #expect(abs(model.forwardOperations / 2 / multiplications - 1) < 0.01)
        #expect(model.backwardOperations < 2 * model.forwardOperations)
        #expect(model.backwardOperations > 1.85 * model.forwardOperations)
    }

    @Test func `every known name has a model, and the operations of images grow with their area`() throws {
        for name in ModelCost.knownNames { #expect(try ModelCost.known(name).parameterCount > 0) }
        let (small, large) = (try ModelCost.known("resnet18"), try ModelCost.known("resnet18", imageSize: 448))
        #expect(abs(large.operations / small.operations - 4) < 0.01)
        #expect(large.parameterCount == small.parameterCount)
    }

    @Test func `running statistics are broadcast with their counts`() throws {
        // 4,800 channels have a mean and a variance; each of the 20 layers counts its batches.
        #expect(try ModelCost.known("resnet18").bufferBroadcasts == [4800 * 2 * 4, 20 * 8])
        #expect(try ModelCost.known("fashion-mnist").bufferBroadcasts == [])
    }

    @Test func `a name that is not known is refused with those that are`() throws {
        let error = try #require(throws: PlanningError.self) { try ModelCost.known("resnet19") }
        #expect("\(error.code)" == "unknownModel")
        #expect(error.message.contains("resnet19") && error.message.contains("resnet18"))
        for size in [0, -1, 10_000] {
            #expect(throws: PlanningError.self) { try ModelCost.known("resnet18", imageSize: size) }
        }
        #expect(throws: PlanningError.self) { try ModelCost.known("toy", imageSize: 32) }
    }

    @Test("a model of unknown layers has the parameters that were given", arguments: [1, 7, 49, 50, 25_000_001])
    func uniform(_ count: Int) {
        let model = ModelCost.uniform(parameterCount: count)
        #expect(model.parameterCount == count)
        #expect(model.gradientBytes == 4 * count)
    }

    @Test func `gradients fill buckets in the order in which they become ready`() throws {
        // Linear(784, 512), Linear(512, 512), Linear(512, 10): the last two weights reach 1 MiB, the rest stays.
        let buckets = GradientBucket.buckets(of: try .known("fashion-mnist"), bytes: 25 << 20)
        let last = 4 * (10 + 512 * 10)
        let middle = 4 * (512 + 512 * 512)
        #expect(buckets.map(\.bytes) == [last + middle, 4 * (512 + 784 * 512)])
        let products = (first: 784.0 * 512, middle: 2.0 * 512 * 512, last: 2.0 * 512 * 10)
        let ready = (products.last + products.middle) / (products.first + products.middle + products.last)
        #expect(abs(buckets[0].readyAt - ready) < 1e-12)
        #expect(buckets[1].readyAt == 1)
    }

    @Test(
        "buckets hold every gradient once, whatever their size",
        arguments: ["resnet18", "resnet50", "toy", "template"], [1, 4096, 1 << 20, 25 << 20, 1 << 40])
    func buckets(_ name: String, _ limit: Int) throws {
        let model = try ModelCost.known(name)
        let buckets = GradientBucket.buckets(of: model, bytes: limit)
        #expect(buckets.reduce(0) { $0 + $1.bytes } == model.gradientBytes)
        #expect(buckets.map(\.readyAt) == buckets.map(\.readyAt).sorted())
        #expect(buckets.allSatisfy { (0...1).contains($0.readyAt) && $0.bytes > 0 })
        #expect(buckets.last?.readyAt == 1)
    }
}
