import LockstepTesting
import Testing
import Torch
import TorchNN

/// A loss that PyTorch computed and differentiated.
private struct LossCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let loss: String
    let dtype: String
    let options: [String: FixtureValue]
    let tensors: [String: String]
    var testDescription: String { name }

    var reduction: Reduction {
        switch options["reduction"]?.string {
        case "none": .none
        case "sum": .sum
        default: .mean
        }
    }
    var tolerance: Double { dtype == "float64" ? 1e-12 : 2e-6 }
    var labelSmoothing: Double { options["label_smoothing"]?.double ?? 0 }
    var ignoreIndex: Int { options["ignore_index"]?.int ?? -100 }
}

private let fixture = Result { try Fixture<LossCase>("losses", in: fixtureFolder(near: #filePath)) }

@Suite("losses")
struct LossTests {
    @Test("a loss function gives PyTorch's value and gradient", arguments: try fixture.get().cases)
    private func matchesPyTorch(_ entry: LossCase) throws {
        let fixture = try fixture.get()
        let tensors = try fixture.tensors(entry.tensors)
        let input = try #require(tensors["input"]).requiringGrad()
        let target = try #require(tensors["target"])
        let output: Tensor
        switch entry.loss {
        case "cross_entropy":
            output = Functional.crossEntropy(
                input, target, weight: tensors["weight"], reduction: entry.reduction, ignoreIndex: entry.ignoreIndex,
                labelSmoothing: entry.labelSmoothing)
        case "nll_loss":
            output = Functional.nllLoss(
                input, target, weight: tensors["weight"], reduction: entry.reduction, ignoreIndex: entry.ignoreIndex)
        case "mse_loss": output = Functional.mseLoss(input, target, reduction: entry.reduction)
        default:
            output = Functional.bceWithLogits(
                input, target, weight: tensors["weight"], positiveWeight: tensors["pos_weight"],
                reduction: entry.reduction)
        }
        try output.backward(gradient: tensors["output_gradient"])
        for (found, role) in [(output.detach(), "output"), (try #require(input.grad), "input_gradient")] {
            let expected = try #require(tensors[role])
            let difference = found.difference(from: expected, relative: entry.tolerance, absolute: entry.tolerance)
            #expect(difference == nil, "\(role)")
        }
    }

    @Test(
        "the mean is the sum of the samples' losses divided by the sum of their weights",
        arguments: try fixture.get().cases.filter { $0.reduction == .mean && !$0.isWeightedByElement })
    private func samplesAndMean(_ entry: LossCase) throws {
        let fixture = try fixture.get()
        let tensors = try fixture.tensors(entry.tensors)
        let input = try #require(tensors["input"])
        let target = try #require(tensors["target"])
        let weights = tensors["weight"]?.array(of: Float.self)
        let loss: any Loss =
            switch entry.loss {
            case "cross_entropy":
                CrossEntropyLoss(
                    labelSmoothing: entry.labelSmoothing, classWeights: weights, ignoreIndex: entry.ignoreIndex)
            case "nll_loss": NLLLoss(classWeights: weights, ignoreIndex: entry.ignoreIndex)
            case "mse_loss": MSELoss()
            default: BCEWithLogitsLoss(positiveWeights: tensors["pos_weight"]?.array(of: Float.self))
            }
        let mean = loss(input, target)
        // The class weights of a loss are single-precision numbers.
        let tolerance = weights == nil ? entry.tolerance : 2e-6
        #expect(mean.difference(from: try #require(tensors["output"]), relative: tolerance) == nil)
        let samples = loss.perSample(input, target)
        #expect(samples.shape == [input.size(0)])
        let counts = loss.sampleWeights(input, target) ?? .ones(like: samples)
        #expect(counts.shape == samples.shape)
        #expect((samples.sum() / counts.sum()).difference(from: mean, relative: 4e-6, absolute: 1e-12) == nil)

        // Over two batches of different size the sums add up, where the mean of the means would not.
        let parts = [0..<1, 1..<input.size(0)].map { (input[$0], target[$0]) }
        let (losses, weightSums) = parts.reduce((0.0, 0.0)) { sums, part in
            let samples = loss.perSample(part.0, part.1)
            let weights = loss.sampleWeights(part.0, part.1) ?? .ones(like: samples)
            return (sums.0 + Double(samples.sum()), sums.1 + Double(weights.sum()))
        }
        let expected = Double(mean)
        #expect(expected.isNaN && weightSums == 0 || abs(losses / weightSums - expected) <= 4e-6 * abs(expected))
    }
}

extension LossCase {
    /// Weights of elements, which the loss type does not offer.
    fileprivate var isWeightedByElement: Bool {
        tensors["weight"] != nil && loss == "binary_cross_entropy_with_logits"
    }
}
