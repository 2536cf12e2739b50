/// A kind of number that people write with a unit, such as `10Gbit` or `50us`.
///
/// A unit may be written in any case where that leaves no doubt: `10gbit` is `10Gbit`, but `gb/s` could be bits or bytes.
public struct Quantity: Sendable {
    /// What is measured, as in "a bandwidth".
    public let name: String
    /// A text of this kind, for messages.
    public let example: String
    private let units: [String: Double]
    private let accepted: String
    private let words: [String: Double]

    private init(
        _ name: String, example: String, accepted: String, units: [String: Double], words: [String: Double] = [:]
    ) {
        (self.name, self.example, self.accepted, self.units, self.words) = (name, example, accepted, units, words)
    }

    /// Bytes a second, from `10Gbit`, `10Gbit/s`, `10Gbps`, `1.25GB/s`, `500MiB/s` or `unlimited`.
    public static let bandwidth = Quantity(
        "a bandwidth", example: "10Gbit", accepted: "kbit, Mbit, Gbit, Tbit (bits a second), kB/s, MB/s, GB/s, GiB/s",
        units: decimal(["bit", "bit/s", "bps", "b/s"], 1.0 / 8).merging(bytes(["B/s"])) { first, _ in first },
        words: ["unlimited": .infinity])

    /// Seconds, from `50us`, `1.5ms` or `2s`.
    public static let duration = Quantity(
        "a time", example: "50us", accepted: "ns, us, ms, s, min",
        units: ["ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "min": 60])

    /// Bytes, from `25MiB` or `1GB`.
    public static let size = Quantity(
        "a size", example: "25MiB", accepted: "B, kB, MB, GB, KiB, MiB, GiB", units: bytes(["B"]))

    /// A number of things, from `669706`, `11.7M` or `1.2B`.
    public static let count = Quantity(
        "a number", example: "11.7M", accepted: "k, M, G or B, T, or none",
        units: ["": 1, "k": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12])

    /// Floating-point operations a second, from `80GFLOP/s` or `10TFLOPS`.
    public static let operationRate = Quantity(
        "a rate of floating-point operations", example: "10TFLOP/s", accepted: "MFLOP/s, GFLOP/s, TFLOP/s, PFLOP/s",
        units: decimal(["FLOP/s", "FLOPS"], 1))

    /// Reads a text of this kind.
    ///
    /// - Returns: the number in the kind's basic unit: bytes a second, seconds, bytes, or ones.
    /// - Throws: ``PlanningError`` with `invalidQuantity` for another text, a negative number, or one that is too large.
    public func value(of text: String) throws -> Double {
        if let value = words[text.lowercased()] { return value }
        let trimmed = text.filter { $0 != " " && $0 != "_" }
        let number = trimmed.prefix { "0123456789.+-".contains($0) }
        let unit = String(trimmed.dropFirst(number.count))
        guard let value = Double(number), value.isFinite else {
            throw failure(text, "it does not begin with a number")
        }
        guard value >= 0 else { throw failure(text, "it is negative") }
        return value * (try factor(of: unit, in: text))
    }

    private func factor(of unit: String, in text: String) throws -> Double {
        if let exact = units[unit] { return exact }
        if unit.isEmpty { throw failure(text, "it has no unit") }
        let candidates = Set(units.filter { $0.key.lowercased() == unit.lowercased() }.map(\.value))
        guard let only = candidates.first else { throw failure(text, "the unit \(unit) is none of them") }
        guard candidates.count == 1 else { throw failure(text, "\(unit) could be bits or bytes: b is a bit, B a byte") }
        return only
    }

    private func failure(_ text: String, _ reason: String) -> PlanningError {
        PlanningError(
            .invalidQuantity, "'\(text)' is not \(name): \(reason). Units: \(accepted). Write it like \(example).")
    }

    private static func decimal(_ suffixes: [String], _ factor: Double) -> [String: Double] {
        let prefixes = ["": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15]
        return suffixes.reduce(into: [:]) { units, suffix in
            for (prefix, scale) in prefixes { units[prefix + suffix] = scale * factor }
        }
    }

    private static func bytes(_ suffixes: [String]) -> [String: Double] {
        let binary = ["Ki": 1024.0, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776]
        return suffixes.reduce(into: decimal(suffixes, 1)) { units, suffix in
            for (prefix, scale) in binary { units[prefix + suffix] = scale }
        }
    }
}
