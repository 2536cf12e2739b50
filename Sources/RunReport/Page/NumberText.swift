import Foundation

/// Numbers as the report shows them.
enum NumberText {
    /// About four digits: `0.3785`, `12.35`, `1.2e-05`.
    static func plain(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞" }
        let size = abs(value)
        if value == value.rounded(), size < 1e6 { return grouped(Int(value)) }
        if size >= 1e6 || size < 1e-3 { return exponential(value) }
        let digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4
        return signed(String(format: "%.\(digits)f", value))
    }

    private static func exponential(_ value: Double) -> String {
        if abs(value) >= 1e6, abs(value) < 1e15 { return compact(value) }
        let parts = String(format: "%.2e", value).split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(value)" }
        let mantissa = parts[0].hasSuffix(".00") ? parts[0].dropLast(3) : parts[0]
        return signed("\(mantissa)e\(exponent)")
    }

    /// With so many digits behind the point.
    static func fixed(_ value: Double, digits: Int) -> String {
        value.isFinite ? signed(String(format: "%.\(digits)f", value)) : plain(value)
    }

    private static func signed(_ text: String) -> String { text.replacing("-", with: "−") }

    /// A share as `97.3 %`.
    static func percent(_ share: Double, digits: Int = 1) -> String {
        guard share.isFinite else { return plain(share) }
        return String(format: "%.\(digits)f", 100 * share) + "\u{202F}%"
    }

    /// `12,345`.
    static func grouped(_ value: Int) -> String {
        let digits = String(value.magnitude)
        guard digits.count > 3 else { return value < 0 ? "−\(digits)" : digits }
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return value < 0 ? "−\(text)" : text
    }

    /// `12k`, `3.4M`: short enough for an axis.
    static func compact(_ value: Double) -> String {
        func short(_ value: Double) -> String {
            let text = String(format: "%.2f", value)
            guard text.contains(".") else { return text }
            let kept = text.reversed().drop { $0 == "0" }
            return signed(String((kept.first == "." ? kept.dropFirst() : kept).reversed()))
        }
        switch abs(value) {
        case 1e15...: return exponential(value)
        case 1e9...: return short(value / 1e9) + "G"
        case 1e6...: return short(value / 1e6) + "M"
        case 1e3...: return short(value / 1e3) + "k"
        case 0, 0.01...: return short(value)
        case 0.001...: return signed(String(format: "%.4g", value))
        default: return exponential(value)
        }
    }

    /// `850 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 1e15 else { return plain(seconds) }
        switch seconds {
        case ..<0.001: return String(format: "%.0f\u{202F}µs", seconds * 1e6)
        case ..<0.01: return String(format: "%.2f\u{202F}ms", seconds * 1e3)
        case ..<1: return String(format: "%.0f\u{202F}ms", seconds * 1e3)
        case ..<60: return String(format: "%.1f\u{202F}s", seconds)
        case ..<3600:
            let whole = Int(seconds.rounded())
            return "\(whole / 60)\u{202F}min\u{A0}\(whole % 60)\u{202F}s"
        default:
            let minutes = Int((seconds / 60).rounded())
            return "\(grouped(minutes / 60))\u{202F}h\u{A0}\(minutes % 60)\u{202F}min"
        }
    }

    /// `155 MB`.
    static func bytes(_ value: Double) -> String {
        guard value.isFinite else { return plain(value) }
        switch value {
        case 1e12...: return String(format: "%.2f\u{202F}TB", value / 1e12)
        case 1e9...: return String(format: "%.2f\u{202F}GB", value / 1e9)
        case 1e6...: return String(format: "%.0f\u{202F}MB", value / 1e6)
        default: return String(format: "%.0f\u{202F}kB", value / 1e3)
        }
    }

    /// `1 step`, `2 steps`.
    static func count(_ number: Int, _ noun: String) -> String { "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")" }
}
