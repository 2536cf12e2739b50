import OrderedCollections

/// A state that does not fit what it was to be loaded into; says everything that is wrong at once.
public struct StateDictionaryError: Error, CustomStringConvertible, Sendable {
    /// A tensor whose shape in the state is not the one it should have.
    public struct ShapeMismatch: Hashable, Sendable {
        /// The tensor's name.
        public let name: String
        /// The shape that is needed.
        public let expected: [Int]
        /// The shape in the state.
        public let found: [Int]
    }

    /// What was to be loaded, such as the model's type.
    public let subject: String
    /// Names that are needed and not in the state.
    public let missing: [String]
    /// Names in the state that nothing here has.
    public let unexpected: [String]
    /// Tensors of another shape.
    public let mismatched: [ShapeMismatch]

    /// Compares a state with what is to take it; nil when it fits.
    ///
    /// - Parameters:
    ///   - state: what is to be loaded.
    ///   - expected: what is to take it.
    ///   - subject: what that is, for the message.
    ///   - strict: whether missing and unexpected names count; shapes always do.
    public init?(
        loading state: StateDictionary, into expected: StateDictionary, subject: String, strict: Bool = true
    ) {
        let missing = strict ? expected.keys.filter { state[$0] == nil } : []
        let unexpected = strict ? state.keys.filter { expected[$0] == nil } : []
        let mismatched = expected.compactMap { name, tensor -> ShapeMismatch? in
            guard let other = state[name], other.shape != tensor.shape else { return nil }
            return ShapeMismatch(name: name, expected: tensor.shape, found: other.shape)
        }
        guard !(missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty) else { return nil }
        self.subject = subject
        self.missing = missing
        self.unexpected = unexpected
        self.mismatched = mismatched
    }

    /// All differences, a line each, with the nearest name beside one that was not expected.
    public var description: String {
        var lines = ["the state does not fit \(subject); nothing was loaded"]
        for name in missing { lines.append("  missing: \(name)") }
        for name in unexpected {
            let nearest = missing.min { distance($0, name) < distance($1, name) }
            let hint = nearest.flatMap { distance($0, name) <= max(3, name.count / 3) ? " (did you mean \($0)?)" : nil }
            lines.append("  unexpected: \(name)\(hint ?? "")")
        }
        for mismatch in mismatched {
            lines.append("  shape: \(mismatch.name) is \(mismatch.found) in the state, \(mismatch.expected) here")
        }
        if !unexpected.isEmpty, unexpected.allSatisfy({ $0.hasPrefix("module.") }) {
            lines.append(
                "  All names begin with `module.`: the state was saved by PyTorch's DDP; take that prefix off, as "
                    + "`Weights.load` does.")
        } else if let part = partWithMissing {
            lines.append(
                "  What is missing is under `\(part)`: load that part alone, as `Weights.load(from:under:)` does.")
        }
        return lines.joined(separator: "\n")
    }
}

extension StateDictionaryError {
    /// The beginning that all missing names have among those that were not expected, without its dot.
    private var partWithMissing: String? {
        guard let first = missing.first else { return nil }
        let names = Set(unexpected)
        let parts = unexpected.lazy.filter { $0.hasSuffix(".\(first)") }.map { $0.dropLast(first.count + 1) }
        return parts.first { part in missing.allSatisfy { names.contains("\(part).\($0)") } }.map(String.init)
    }
}

/// The number of single-character edits between two names.
private func distance(_ first: String, _ second: String) -> Int {
    let first = Array(first.utf8)
    let second = Array(second.utf8)
    var row = Array(0...second.count)
    for (i, character) in first.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in second.enumerated() {
            let substituted = diagonal + (character == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
        }
    }
    return row[second.count]
}
