import OrderedCollections
public import Torch
public import TorchNN

/// Keeps the gradients of a `float16` model from vanishing, by a factor on the loss that follows what they can take
/// (PyTorch's `GradScaler`).
///
/// ```swift
/// try loss.backward(gradient: Tensor(scaler.scale))
/// if try scaler.unscale(network.parameters) { try optimizer.step() }    // or else this step is left out
/// ```
/// The factor is halved after a step whose gradients overflowed, and doubled after 2000 steps without one.
public final class GradientScaler: Stateful {
    /// The factor on the loss.
    public private(set) var scale: Float
    /// What the factor is multiplied by when it may grow.
    public let growthFactor: Float
    /// What the factor is multiplied by after an overflow.
    public let backoffFactor: Float
    /// How many steps without an overflow let the factor grow.
    public let growthInterval: Int
    private var soundSteps = 0

    /// A scaler with PyTorch's numbers; it stops the program where they make no sense.
    public init(
        initialScale: Float = 65536, growthFactor: Float = 2, backoffFactor: Float = 0.5, growthInterval: Int = 2000
    ) {
        if !(initialScale > 0 && initialScale.isFinite && growthFactor > 1 && growthInterval > 0)
            || !(backoffFactor > 0 && backoffFactor < 1)
        {
            stop(
                "GradientScaler: initialScale \(initialScale) must be above 0, growthFactor \(growthFactor) above 1, "
                    + "backoffFactor \(backoffFactor) between 0 and 1, growthInterval \(growthInterval) above 0",
                operands: [])
        }
        scale = initialScale
        self.growthFactor = growthFactor
        self.backoffFactor = backoffFactor
        self.growthInterval = growthInterval
    }

    /// Takes the factor out of the gradients, and lets it follow what it finds; once a step, after the last backward pass.
    ///
    /// - Returns: Whether all gradients are finite. If not, the step is to be left out.
    /// - Throws: `TorchError` when LibTorch reports a failure.
    public func unscale(_ parameters: [NamedParameter]) throws -> Bool {
        let areFinite = try Functional.unscaleGradients(parameters.compactMap(\.tensor.grad), by: 1 / Double(scale))
        update(isSound: areFinite)
        return areFinite
    }

    private func update(isSound: Bool) {
        guard isSound else {
            scale *= backoffFactor
            soundSteps = 0
            return
        }
        soundSteps += 1
        guard soundSteps == growthInterval else { return }
        soundSteps = 0
        let grown = scale * growthFactor
        if grown.isFinite { scale = grown }
    }

    /// The factor and the steps since it changed, by PyTorch's names: `scale` and `_growth_tracker`.
    public func stateDictionary() -> StateDictionary {
        ["scale": Tensor(scale), "_growth_tracker": Tensor(soundSteps)]
    }

    /// Goes on with a state.
    ///
    /// - Throws: `StateDictionaryError` where names do not fit, `TorchError` where a number makes no sense; nothing has
    ///   been changed then.
    public func load(_ state: StateDictionary) throws {
        if let error = StateDictionaryError(loading: state, into: stateDictionary(), subject: "GradientScaler") {
            throw error
        }
        let factor = state["scale"].map { Float($0.to(.float32)) } ?? 0
        let steps = state["_growth_tracker"].map { Double($0.to(.float64)) } ?? -1
        guard factor > 0, factor.isFinite, steps >= 0, steps <= 0x1p53 else {
            throw TorchError(
                .invalidState,
                "GradientScaler: `scale` is \(factor) and `_growth_tracker` \(steps) in the state, which no training has; "
                    + "the state is damaged. Nothing was loaded")
        }
        (scale, soundSteps) = (factor, Int(steps))
    }
}

@available(*, unavailable)
extension GradientScaler: Sendable {}
