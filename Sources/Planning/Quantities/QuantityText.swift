import Foundation

/// Numbers as tables and plots show them.
public enum QuantityText {
    /// With three significant digits, and with all digits before the point: `0.0123`, `1.23`, `123`, `12345`.
    public static func number(_ value: Double, digits: Int = 3) -> String {
        guard value.isFinite else { return value.isNaN ? "–" : "unlimited" }
        guard value != 0 else { return "0" }
        let magnitude = Int(log10(abs(value)).rounded(.down)) + 1
        return String(format: "%.\(max(0, digits - magnitude))f", value)
    }

    /// `12.3 us`, `1.23 ms`, `4.56 s`.
    public static func duration(_ seconds: Double) -> String {
        scaled(seconds, [(1, "s"), (1e-3, "ms"), (1e-6, "us")])
    }

    /// `1.25 GB/s`, or `unlimited`.
    public static func bandwidth(_ bytesPerSecond: Double) -> String {
        guard bytesPerSecond.isFinite else { return "unlimited" }
        return scaled(bytesPerSecond, [(1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1, "B/s")])
    }

    /// `46.8 MB`.
    public static func size(_ bytes: Double) -> String {
        scaled(bytes, [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B")])
    }

    /// `11.7 million`, or the whole number where it has fewer than seven digits.
    public static func count(_ value: Int) -> String {
        switch value {
        case 1_000_000_000...: "\(number(Double(value) / 1e9)) billion"
        case 1_000_000...: "\(number(Double(value) / 1e6)) million"
        default: "\(value)"
        }
    }

    /// `10 TFLOP/s`.
    public static func operationRate(_ value: Double) -> String {
        scaled(value, [(1e15, "PFLOP/s"), (1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s"), (1, "FLOP/s")])
    }

    /// `97.3 %`.
    public static func share(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }

    private static func scaled(_ value: Double, _ units: [(scale: Double, name: String)]) -> String {
        let last = units[units.count - 1]
        let unit = units.first { abs(value) >= $0.scale } ?? last
        return "\(number(value / unit.scale)) \(unit.name)"
    }
}
