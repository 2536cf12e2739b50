import CTorch

/// Whether operations on this thread are recorded for the backward pass.
public var gradientsEnabled: Bool { ct_grad_mode() }

/// Runs `body` without recording operations (PyTorch's `no_grad`).
///
/// The mode belongs to the thread, so the closure is synchronous: after an `await` it might go on elsewhere.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    try withGradients(enabled: false, body)
}

/// Runs `body` with operations recorded or not (PyTorch's `set_grad_enabled`).
public func withGradients<Result>(enabled: Bool, _ body: () throws -> Result) rethrows -> Result {
    let before = ct_grad_mode()
    ct_set_grad_mode(enabled)
    defer { ct_set_grad_mode(before) }
    return try body()
}
