public import ArgumentParser

/// How often a training is saved: every so many optimizer steps, epochs or minutes.
public struct CheckpointInterval: Hashable, Sendable, CustomStringConvertible {
    /// What is counted.
    public enum Unit: String, CaseIterable, Sendable { case steps, epochs, minutes }

    /// How many, at least one.
    public let count: Int
    /// Of what.
    public let unit: Unit

    /// An interval; nil where `count` is below one.
    public init?(_ count: Int, _ unit: Unit) {
        guard count >= 1 else { return nil }
        self.count = count
        self.unit = unit
    }

    /// `500steps`, `1epoch`.
    public var description: String { "\(count)\(count == 1 ? String(unit.rawValue.dropLast()) : unit.rawValue)" }
}

extension CheckpointInterval: ExpressibleByArgument {
    /// Reads `500` (steps), `500steps`, `2epochs`, `10min` and other beginnings of the units' names.
    public init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let name = argument.dropFirst(digits.count).lowercased().trimmingPrefix(" ")
        guard let count = Int(digits) else { return nil }
        let unit = name.isEmpty ? Unit.steps : Unit.allCases.first { $0.rawValue.hasPrefix(name) }
        guard let unit else { return nil }
        self.init(count, unit)
    }
}
