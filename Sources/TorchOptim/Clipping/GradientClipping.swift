public import Torch
public import TorchNN

/// The norm of all gradients together, as if they were one vector (PyTorch's `get_total_norm`).
///
/// - Parameters:
///   - parameters: the parameters; those without a gradient are passed over.
///   - normType: the order of the norm; `.infinity` for the largest absolute value.
/// - Returns: a scalar; zero where there are no gradients.
public func gradNorm(_ parameters: [NamedParameter], normType: Double = 2) -> Tensor {
    norm(of: parameters.compactMap(\.tensor.grad), normType)
}

/// Scales all gradients by one factor so that their norm together is at most `maxNorm` (PyTorch's `clip_grad_norm_`).
///
/// ```swift
/// try loss.backward()
/// try clipGradNorm(network.parameters, maxNorm: 1)
/// try optimizer.step()
/// ```
///
/// - Parameters:
///   - parameters: the parameters; those without a gradient are passed over.
///   - maxNorm: the largest norm that is left as it is.
///   - normType: the order of the norm; `.infinity` for the largest absolute value.
///   - errorIfNonFinite: whether infinite and NaN norms throw. If not, such gradients become zero or NaN, as in PyTorch.
/// - Returns: the norm before, a scalar.
/// - Throws: `TorchError` that names the gradients that are not finite; they are left as they were.
@discardableResult
public func clipGradNorm(
    _ parameters: [NamedParameter], maxNorm: Double, normType: Double = 2, errorIfNonFinite: Bool = false
) throws -> Tensor {
    if !(maxNorm >= 0) { stop("clipGradNorm: maxNorm is \(maxNorm); it must be at least 0", operands: []) }
    let gradients = parameters.compactMap(\.tensor.grad)
    guard let first = gradients.first else { return Tensor(0.0) }
    if errorIfNonFinite {
        let total = norm(of: gradients, normType)
        guard total.item(as: Double.self).isFinite else { throw nonFinite(total, parameters) }
    }
    guard gradients.allSatisfy({ $0.device == first.device }) else {
        return scale(gradients, toNorm: maxNorm, normType)
    }
    return Functional.clipGradientNorm(gradients, maximum: maxNorm, normType: normType)
}

/// Brings each element of all gradients into [-value, value] (PyTorch's `clip_grad_value_`).
///
/// - Parameters:
///   - parameters: the parameters; those without a gradient are passed over.
///   - value: the largest absolute value that is left as it is.
public func clipGradValue(_ parameters: [NamedParameter], _ value: Double) {
    if !(value >= 0) { stop("clipGradValue: the value is \(value); it must be at least 0", operands: []) }
    withoutGradients {
        for gradient in parameters.compactMap(\.tensor.grad) { gradient.clampInPlace(min: -value, max: value) }
    }
}

private func norm(of gradients: [Tensor], _ normType: Double) -> Tensor {
    guard let first = gradients.first else { return Tensor(0.0) }
    return withoutGradients {
        Tensor.stack(gradients.map { $0.norm(normType).to(first.device) }).norm(normType)
    }
}

/// Scales gradients that lie on several devices.
private func scale(_ gradients: [Tensor], toNorm maximum: Double, _ normType: Double) -> Tensor {
    let total = norm(of: gradients, normType)
    withoutGradients {
        let factor = (maximum / (total + 1e-6)).clamp(max: 1)
        for gradient in gradients { gradient *= factor.to(gradient.device) }
    }
    return total
}

private func nonFinite(_ total: Tensor, _ parameters: [NamedParameter]) -> TorchError {
    let names = parameters.filter { parameter in
        guard let gradient = parameter.tensor.grad else { return false }
        return !Bool(gradient.isfinite().all())
    }.map(\.name)
    let culprits =
        names.isEmpty
        ? "each gradient is finite, but their norm is beyond the range of \(total.dtype)"
        : "not finite are the gradients of \(names.joined(separator: ", "))"
    return TorchError(
        .value,
        "clipGradNorm: the norm of the gradients is \(total.item(as: Double.self)): \(culprits). The loss has "
            + "probably diverged: lower the learning rate, or skip this step; the gradients are as they were")
}
