import Foundation

/// Lays a bar's parts out on a line of a given width.
struct ProgressLine {
    private static let narrowestBar = 6
    private static let widestBar = 50
    private static let narrowestDescription = 6

    private let bar: ProgressBar
    private let width: Int
    private let style: ProgressBar.Style

    /// A line of `width` columns at most.
    init(_ bar: ProgressBar, width: Int, style: ProgressBar.Style) {
        self.bar = bar
        self.width = width
        self.style = style
    }

    /// The line.
    var text: String {
        var parts = Parts()
        let description = DisplayText(bar.description)
        let room = { (parts: Parts) in width - parts.width }
        func add(_ change: (inout Parts) -> Void) {
            var more = parts
            change(&more)
            if room(more) >= 0 { parts = more }
        }
        // In the order of what is missed most.
        add { $0.percentage = percentage }
        add { $0.counts = counts }
        let left = room(parts) - 1
        if description.width <= left || left >= Self.narrowestDescription {
            add { $0.description = description.cut(to: left, ellipsis: style.usesUnicode ? "…" : "...") }
        }
        add { $0.times = times }
        add { $0.loss = loss }
        add { $0.rate = rate }
        // Two edges and the space that they replace.
        let barWidth = min(Self.widestBar, room(parts) - 2)
        return parts.joined(bar: style.hasBar && barWidth >= Self.narrowestBar ? drawn(barWidth) : nil)
    }

    /// The parts that found room.
    private struct Parts {
        var description = ""
        var percentage = ""
        var counts = ""
        var times = ""
        var rate = ""
        var loss = ""

        /// What stands in brackets.
        private var bracket: String {
            let inside = [times, rate, loss].filter { !$0.isEmpty }.joined(separator: ", ")
            return inside.isEmpty ? "" : "[\(inside)]"
        }

        private var pieces: [String] { [description, percentage, counts, bracket].filter { !$0.isEmpty } }

        var width: Int { DisplayText(pieces.joined(separator: " ")).width }

        func joined(bar: String?) -> String {
            guard let bar, !percentage.isEmpty else { return pieces.joined(separator: " ") }
            let before = [description, percentage].filter { !$0.isEmpty }.joined(separator: " ")
            let after = [counts, bracket].filter { !$0.isEmpty }.joined(separator: " ")
            return "\(before)|\(bar)| \(after)"
        }
    }

    private func drawn(_ columns: Int) -> String {
        guard let fraction = bar.fraction else { return "" }
        let filled: String
        let empty: Int
        if style.usesUnicode {
            let eighths = Int(fraction * Double(columns) * 8)
            let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
            filled = String(repeating: "█", count: eighths / 8) + partial
            empty = columns - eighths / 8 - (partial.isEmpty ? 0 : 1)
        } else {
            let count = Int(fraction * Double(columns))
            filled = String(repeating: "#", count: count)
            empty = columns - count
        }
        let colored = style.usesColor && !filled.isEmpty ? "\u{1B}[36m\(filled)\u{1B}[39m" : filled
        return colored + String(repeating: " ", count: empty)
    }

    /// Rounded down, so that only finished work shows 100 %.
    private var percentage: String {
        bar.fraction.map { String(format: "%3d%%", Int($0 * 100)) } ?? ""
    }

    private var counts: String {
        bar.total.map { "\(bar.completed)/\($0)" } ?? "\(bar.completed)"
    }

    private var times: String {
        let elapsed = Self.clock(bar.elapsed)
        guard bar.total != nil else { return elapsed }
        return "\(elapsed)<\(bar.remaining.map(Self.clock) ?? "--:--")"
    }

    private var rate: String {
        guard let rate = bar.rate, rate.isFinite, rate > 0 else { return "" }
        if rate < 1 { return String(format: "%.2f s/", 1 / rate) + DisplayText(bar.unit).text }
        return String(format: rate < 100 ? "%.1f " : "%.0f ", rate) + DisplayText(bar.unit).text + "s/s"
    }

    private var loss: String {
        // C has a sign for NaN too.
        bar.loss.map { $0.isNaN ? "loss nan" : String(format: "loss %.4g", $0) } ?? ""
    }

    /// Minutes and seconds, with hours where there are any.
    private static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "--:--" }
        let whole = Int(max(0, seconds))
        let (minutes, hours) = (whole / 60 % 60, whole / 3600)
        if hours > 0 { return String(format: "%d:%02d:%02d", hours, minutes, whole % 60) }
        return String(format: "%02d:%02d", minutes, whole % 60)
    }
}
