import Testing
import Torch
import TorchNN
import TorchOptim

private func parameters(_ names: [String] = ["a"]) -> [NamedParameter] {
    names.map { NamedParameter($0, Tensor.ones([2]).requiringGrad()) }
}

/// What a program that stopped wrote.
private func message(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
}

@Suite("Settings")
struct SettingsTests {
    @Test("a group's own settings come before the optimizer's")
    func groups() {
        let optimizer = AdamW(
            [
                ParameterGroup(parameters(["a", "b"]), weightDecay: 0.5),
                ParameterGroup(parameters(["c"]), learningRate: 0.1) { $0.betas = (0.5, 0.6) },
            ], learningRate: 0.01)
        #expect(optimizer.parameters.map(\.name) == ["a", "b", "c"])
        #expect(optimizer.learningRates == [0.01, 0.1])
        #expect(optimizer.groups.map(\.settings.weightDecay) == [0.5, 0.01])
        #expect(optimizer.momenta == [0.9, 0.5])
        #expect(optimizer.groups[1].settings.betas.1 == 0.6)
        optimizer.learningRates = [1, 2]
        #expect(optimizer.groups.map(\.settings.learningRate) == [1, 2])
    }

    @Test("each setting that makes no sense is named")
    func problems() {
        var sgd = SGD(parameters()).groups[0].settings
        #expect(sgd.problems.isEmpty)
        sgd.learningRate = -1
        sgd.momentum = .nan
        sgd.weightDecay = .infinity
        sgd.dampening = .nan
        sgd.nesterov = true
        #expect(sgd.problems.count == 5)
        var adam = Adam(parameters()).groups[0].settings
        #expect(adam.problems.isEmpty)
        adam.betas = (1, -0.1)
        adam.eps = -1
        adam.weightDecay = -1
        adam.learningRate = .nan
        #expect(adam.problems.count == 5)
    }

    @Test("a negative learning rate stops the program")
    func negativeLearningRate() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = SGD(parameters(), learningRate: -0.1)
        }
        #expect(message(result).contains("SGD: learningRate is -0.1; it must be finite and at least 0"))
    }

    @Test("a beta of 1 in a group stops the program, which names the group")
    func beta() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Adam([ParameterGroup(parameters()), ParameterGroup(parameters(["b"])) { $0.betas.1 = 1 }])
        }
        #expect(message(result).contains("Adam, group 1: betas.1 is 1.0"))
    }

    @Test("Nesterov's momentum needs momentum, and no dampening", arguments: [(0.0, 0.0), (0.9, 0.1)])
    func nesterov(_ momentum: Double, _ dampening: Double) {
        var settings = SGD(parameters(), momentum: momentum, dampening: dampening).groups[0].settings
        settings.nesterov = true
        #expect(
            settings.problems == [
                "nesterov needs momentum above 0 and dampening 0; they are \(momentum) and \(dampening)"
            ])
    }

    @Test("one name for two parameters stops the program")
    func sameName() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = SGD([ParameterGroup(parameters()), ParameterGroup(parameters())])
        }
        #expect(message(result).contains("the parameter name `a` occurs twice, in the groups 0 and 1"))
    }

    @Test("one tensor under two names stops the program")
    func sameTensor() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let tensor = Tensor.ones([2])
            _ = AdamW([
                ParameterGroup([NamedParameter("a", tensor)]), ParameterGroup([NamedParameter("b", tensor)]),
            ])
        }
        #expect(message(result).contains("AdamW: `a` and `b` are one tensor"))
    }

    @Test("a tensor that was computed stops the program")
    func wrongParameters() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = SGD([NamedParameter("a", parameters()[0].tensor * 2)])
        }
        #expect(message(result).contains("`a` was computed from other tensors"))
    }

    @Test("a learning rate that makes no sense stops the program during training too")
    func laterChange() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let optimizer = SGD(parameters())
            optimizer.learningRates = [.nan]
        }
        #expect(message(result).contains("learningRate is nan"))
    }
}
