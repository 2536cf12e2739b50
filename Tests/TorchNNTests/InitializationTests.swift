import LockstepTesting
import Testing
import Torch
import TorchNN

/// Start values that PyTorch drew.
private struct InitialiserCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let kind: String
    let function: String?
    let seed: UInt64
    let shape: [Int]?
    let arguments: [String: FixtureValue]?
    let result: String?
    var testDescription: String { name }

    func number(_ name: String, _ value: Double) -> Double { arguments?[name]?.double ?? value }
    var mode: Initialization.FanMode { arguments?["mode"]?.string == "fan_out" ? .fanOut : .fanIn }
    var nonlinearity: Initialization.Nonlinearity {
        switch arguments?["nonlinearity"]?.string {
        case "relu": .relu
        case "tanh": .tanh
        case "linear": .linear
        default: .leakyReLU(slope: number("a", 0))
        }
    }
}

private let fixture = Result { try Fixture<InitialiserCase>("random", in: fixtureFolder(near: #filePath)) }

@Suite("start values")
struct InitializationTests {
    // Truncated normal numbers are none of this library's.
    @Test(
        "an initialiser draws PyTorch's numbers",
        arguments: try fixture.get().cases.filter { $0.kind == "initialiser" && $0.function != "trunc_normal_" })
    private func matchesPyTorch(_ entry: InitialiserCase) throws {
        let tensor = Tensor.empty(try #require(entry.shape)).requiringGrad()
        let generator = Generator(seed: entry.seed)
        switch entry.function {
        case "uniform_":
            Initialization.uniform(tensor, entry.number("a", 0), entry.number("b", 1), generator: generator)
        case "normal_":
            Initialization.normal(
                tensor, mean: entry.number("mean", 0), std: entry.number("std", 1), generator: generator)
        case "kaiming_uniform_":
            Initialization.kaimingUniform(
                tensor, mode: entry.mode, nonlinearity: entry.nonlinearity, generator: generator)
        case "kaiming_normal_":
            Initialization.kaimingNormal(
                tensor, mode: entry.mode, nonlinearity: entry.nonlinearity, generator: generator)
        case "xavier_uniform_":
            Initialization.xavierUniform(tensor, gain: entry.number("gain", 1), generator: generator)
        case "xavier_normal_":
            Initialization.xavierNormal(tensor, gain: entry.number("gain", 1), generator: generator)
        default: Issue.record("no initialiser \(entry.function ?? "")")
        }
        #expect(tensor.isLeaf && tensor.requiresGrad)
        let expected = try fixture.get().tensor(#require(entry.result))
        // The bounds of a uniform draw are rounded once more here or there; normal draws are vectorised.
        #expect(tensor.detach().difference(from: expected, relative: 1e-6, absolute: 1e-7) == nil)
    }

    @Test("fans count the kernel's taps, and a constant is one everywhere")
    func fans() {
        let fans = Initialization.fans(of: .empty([4, 3, 2, 5]))
        #expect(fans.fanIn == 30 && fans.fanOut == 40)
        let tensor = Tensor.empty([3]).requiringGrad()
        Initialization.constant(tensor, 0.5)
        #expect(tensor.detach().array(of: Double.self) == [0.5, 0.5, 0.5])
    }
}
