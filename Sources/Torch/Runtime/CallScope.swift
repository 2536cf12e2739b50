import CTorch

/// Something that can be called and can say where it stands in a model, for the message of a failure inside it.
package protocol CallDescribing: AnyObject {
    /// What the innermost of the calls in progress is, seen from this, the outermost: `layers.2: Linear(512, 10)`.
    func describeCall(innermost: any CallDescribing) -> String
}

/// The modules that are being called on this thread, outermost first.
package enum CallScope {
    /// Runs `body` as a call of `module`.
    @inline(__always)
    package static func entering<Module: CallDescribing, Result>(
        _ module: Module, _ body: () throws -> Result
    ) rethrows -> Result {
        ct_scope_enter(Unmanaged.passUnretained(module as AnyObject).toOpaque())
        defer { ct_scope_leave() }
        return try body()
    }

    static var currentDescription: String? {
        guard let outermost = module(at: 0), let innermost = module(at: ct_scope_depth() - 1) else { return nil }
        return outermost.describeCall(innermost: innermost)
    }

    private static func module(at index: Int32) -> (any CallDescribing)? {
        guard let pointer = ct_scope_at(index) else { return nil }
        return Unmanaged<AnyObject>.fromOpaque(pointer).takeUnretainedValue() as? any CallDescribing
    }
}
