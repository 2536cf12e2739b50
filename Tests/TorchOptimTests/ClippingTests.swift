import Testing
import Torch
import TorchNN
import TorchOptim

/// Gradients before and after PyTorch's clipping.
struct ClippingCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let function: String
    let normType: String?
    let maxNorm: Double?
    let totalNorm: String?
    let clipValue: Double?
    let before: [String]
    let after: [String]

    var testDescription: String { name }
    var order: Double { normType == "inf" ? .infinity : Double(normType ?? "") ?? 2 }

    static let all = Fixture.cases(ClippingCase.self, of: "clipping.json")
}

@Suite("Clipping")
struct ClippingTests {
    private func parameters(withGradients gradients: [Tensor?]) -> [NamedParameter] {
        gradients.enumerated().map { index, gradient in
            let tensor = Tensor.zeros(gradient?.shape ?? [2], dtype: gradient?.dtype ?? .float32).requiringGrad()
            tensor.grad = gradient?.clone()
            return NamedParameter("p\(index)", tensor)
        }
    }

    @Test("gradients and norms are PyTorch's", arguments: ClippingCase.all)
    func fixture(_ example: ClippingCase) throws {
        let tensors = try Fixture.tensors(of: "clipping.safetensors")
        let before = try example.before.map { key in try #require(tensors[key]) }
        let parameters = parameters(withGradients: before)
        if let limit = example.clipValue {
            clipGradValue(parameters, limit)
        } else {
            let norm = gradNorm(parameters, normType: example.order)
            let maximum = try #require(example.maxNorm)
            let total = try clipGradNorm(parameters, maxNorm: maximum, normType: example.order)
            let expected = try #require(example.totalNorm.flatMap { tensors[$0] })
            expectClose(total, expected, "norm")
            expectClose(norm, total, "norm by itself")
        }
        for (parameter, key) in zip(parameters, example.after) {
            expectClose(try #require(parameter.tensor.grad), try #require(tensors[key]), "\(parameter.name)")
        }
    }

    @Test("parameters without gradients are passed over")
    func absent() throws {
        let parameters = parameters(withGradients: [nil, [3.0, 4.0], nil])
        #expect(try clipGradNorm(parameters, maxNorm: 1).item(as: Double.self) == 5)
        clipGradValue(parameters, 0.5)
        #expect(parameters[0].tensor.grad == nil)
        #expect(parameters[1].tensor.grad?.array(of: Float.self) == [0.5, 0.5])
        #expect(try clipGradNorm([parameters[0]], maxNorm: 1).item(as: Double.self) == 0)
    }

    @Test("gradients of several types are scaled together")
    func mixedTypes() throws {
        let parameters = parameters(withGradients: [[3.0], Tensor([4.0], dtype: .float64)])
        #expect(try clipGradNorm(parameters, maxNorm: 1).item(as: Double.self) == 5)
        expectClose(try #require(parameters[0].tensor.grad), Tensor(copying: [Float(0.6)]), "float32")
        #expect(parameters[1].tensor.grad?.dtype == .float64)
    }

    @Test("a norm that is not finite names the gradients and leaves them", arguments: [Double.nan, .infinity])
    func nonFinite(_ value: Double) throws {
        let parameters = parameters(withGradients: [[1.0, 2.0], Tensor(copying: [value, 1]), nil])
        let error = #expect(throws: TorchError.self) {
            try clipGradNorm(parameters, maxNorm: 1, errorIfNonFinite: true)
        }
        #expect(error?.message.contains("p0") == false)
        #expect(error?.message.contains("not finite are the gradients of p1") == true)
        #expect(parameters[0].tensor.grad?.array(of: Float.self) == [1, 2])
    }
}
