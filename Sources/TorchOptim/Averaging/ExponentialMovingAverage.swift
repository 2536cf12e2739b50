import OrderedCollections
public import Torch
public import TorchNN

/// A moving average of a model's weights, which often does better than the weights themselves (Polyak averaging).
///
/// After each optimizer step the average `a` of a weight `w` becomes `a - (1 - d)·(a - w)` with the decay `d`. Buffers of
/// real numbers, such as running statistics, are averaged in the same way, since they belong to the weights; integers,
/// such as counts of batches, are not, and stay the model's. On several ranks nothing is sent: their weights are equal,
/// and so are the averages of these. What is saved and evaluated are rank 0's buffers, as without an average.
/// ```swift
/// let average = ExponentialMovingAverage(of: network, decay: 0.999)   // when the model has its device
/// for batch in batches {
///     …
///     try optimizer.step()
///     try average.update()
/// }
/// let result = try await average.withAveragedWeights { try await evaluate(network) }
/// ```
public final class ExponentialMovingAverage: Stateful {
    /// How much of the average an update keeps, once it has warmed up.
    public let decay: Double
    /// Whether the first updates keep less: update `k`, counted from 0, at most `(1 + k) / (10 + k)`.
    public let warmsUp: Bool
    /// How many updates were made.
    public private(set) var updateCount = 0

    private let model: Module
    private let originals: [Tensor]
    private let averages: [NamedParameter]
    /// What updates the averages, in the one pass that an optimizer takes over its parameters.
    ///
    /// It is a step of length `1 - d` along the gradient of half their squared distance from the weights.
    private let follower: SGD
    private var isSwapped = false

    /// An average that begins with the weights as they are now; stops the program where there are none, or where
    /// `decay` is not in 0..<1.
    ///
    /// - Parameters:
    ///   - model: the model, which is not moved to another device or type afterwards.
    ///   - decay: how much of the average an update keeps.
    ///   - warmsUp: whether the first updates keep less, so that the start values are soon forgotten.
    public init(of model: Module, decay: Double = 0.999, warmsUp: Bool = true) {
        if !(0..<1).contains(decay) {
            stop("ExponentialMovingAverage: decay is \(decay); it must be at least 0 and below 1", operands: [])
        }
        let members = (model.parameters + model.buffers).filter { $0.tensor.dtype.isFloatingPoint }
        self.model = model
        self.decay = decay
        self.warmsUp = warmsUp
        originals = members.map(\.tensor)
        averages = members.map { NamedParameter($0.name, $0.tensor.detach().clone()) }
        follower = SGD(averages, learningRate: 1 - decay, weightDecay: 1, maximize: true)
        follow()
    }

    /// Follows the weights after an optimizer step; no element is copied to new memory.
    ///
    /// - Throws: `TorchError` when LibTorch reports a failure.
    public func update() throws {
        if isSwapped { stop("ExponentialMovingAverage.update: the model has the averaged weights now", operands: []) }
        let known = Double(updateCount)
        let kept = warmsUp ? min(decay, (1 + known) / (10 + known)) : decay
        follower.learningRates = [1 - kept]
        try follower.step()
        updateCount += 1
    }

    /// Runs `body` while the model has the averaged weights, for evaluating or saving it; its own come back bit for bit.
    ///
    /// Nothing is copied: the model and the average exchange their memory. The model must not be trained meanwhile.
    public func withAveragedWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
        beginSwap()
        defer { endSwap() }
        return try body()
    }

    /// Runs `body` while the model has the averaged weights, for evaluating or saving it; its own come back bit for bit.
    ///
    /// Nothing is copied: the model and the average exchange their memory. The model must not be trained meanwhile.
    public func withAveragedWeights<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> Result {
        beginSwap()
        defer { endSwap() }
        return try await body()
    }

    private func beginSwap() {
        if isSwapped { stop("withAveragedWeights: the model has the averaged weights already", operands: []) }
        exchange()
        isSwapped = true
    }

    private func endSwap() {
        exchange()
        isSwapped = false
        follow()
    }

    private func exchange() {
        for (original, average) in zip(originals, averages) {
            let own = original.detach()
            original.setData(average.tensor.detach())
            average.tensor.setData(own)
        }
    }

    /// Names the weights as the averages' gradients: that of `a²/2 - a·w`, where `maximize` takes the sign of `w` and the
    /// weight decay of 1 adds `a`.
    private func follow() {
        for (original, average) in zip(originals, averages) { average.tensor.grad = original.detach() }
    }
}

@available(*, unavailable)
extension ExponentialMovingAverage: Sendable {}

extension ExponentialMovingAverage {
    private static var prefix: String { "average." }
    private static var count: String { "updates" }

    /// The number of updates as `updates`, and the averaged model's state, each name with `average.` before it.
    ///
    /// So the part `average` of a file that holds it is a whole state of the model.
    public func stateDictionary() -> StateDictionary {
        var averaged = StateDictionary()
        for average in averages { averaged[average.name] = average.tensor }
        var shared: [UnsafeRawPointer: Tensor] = [:]
        for (original, average) in zip(originals, averages) { shared[original.identity] = average.tensor }
        var state: StateDictionary = [Self.count: Tensor(updateCount)]
        for (name, tensor) in model.stateDictionary() {
            state[Self.prefix + name] = averaged[name] ?? shared[tensor.identity] ?? tensor
        }
        return state
    }

    /// Goes on with a state; the integers in it stay as the model has them.
    ///
    /// - Throws: `StateDictionaryError` with all that does not fit, `TorchError` where the number of updates makes no
    ///   sense; nothing has been changed then.
    public func load(_ state: StateDictionary) throws {
        if isSwapped { stop("ExponentialMovingAverage.load: the model has the averaged weights now", operands: []) }
        let expected = stateDictionary()
        if let error = StateDictionaryError(loading: state, into: expected, subject: "ExponentialMovingAverage") {
            throw error
        }
        let updates = state[Self.count].map { Double($0.to(.float64)) } ?? -1
        guard updates >= 0, updates <= 0x1p53 else {
            throw TorchError(
                .invalidState,
                "ExponentialMovingAverage: `\(Self.count)` is \(updates) in the state, which no training has; the state "
                    + "is damaged. Nothing was loaded")
        }
        updateCount = Int(updates)
        withoutGradients {
            for average in averages {
                if let value = state[Self.prefix + average.name] { average.tensor.copy(from: value) }
            }
        }
    }
}
