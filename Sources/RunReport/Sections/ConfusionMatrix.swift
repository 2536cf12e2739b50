import Foundation
import RunFiles

/// Which classes a classifier takes for which others.
struct ConfusionMatrix {
    /// With more classes than this, counts would not be read, and colours are shown alone.
    private static let mostCounted = 40
    private static let mostPairs = 9

    let evaluation: ClassifierEvaluation

    private var counts: [[Int]] { evaluation.confusion }

    /// The part of a page that shows it; nil where nothing was counted.
    var part: Page.Part? {
        let all = counts.lazy.flatMap { $0 }.reduce(0, +)
        guard all > 0 else { return nil }
        let right = counts.indices.reduce(0) { $0 + counts[$1][$1] }
        let step = evaluation.step.map { " after step \(NumberText.grouped($0))" } ?? ""
        return Page.Part(
            id: "confusion", title: "Confusion",
            lead: "\(NumberText.grouped(right)) of \(NumberText.grouped(all)) samples were recognised\(step).",
            content:
                "<div class=\"card split\"><div>\(counts.count > Self.mostCounted ? picture : table)</div>\(pairs)</div>"
        )
    }

    // MARK: With counts

    private var table: Markup {
        let columns = counts.indices.map { "<th scope=\"col\"><span>\(evaluation.name(of: $0))</span></th>" as Markup }
        let rows = counts.indices.map { row -> Markup in
            let sum = counts[row].reduce(0, +)
            return """
                <tr><th scope="row">\(evaluation.name(of: row))</th>\(counts.indices.map { cell(row, $0, of: sum) })\
                <td class="sum">\(share(counts[row][row], of: sum))</td></tr>

                """
        }
        let precisions = counts.indices.map { column -> Markup in
            "<td class=\"sum\">\(share(counts[column][column], of: counts.reduce(0) { $0 + $1[column] }))</td>"
        }
        let caption = "A row for each class that samples have, a column for each that they were given"
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">
            <table class="matrix"><caption>\(caption)</caption>
            <thead><tr><td></td>\(columns)<th scope="col"><span class="sum">recall</span></th></tr></thead>
            <tbody>
            \(rows)<tr><th scope="row" class="sum">precision</th>\(precisions)<td></td></tr>
            </tbody></table>
            </div>
            """
    }

    private func cell(_ row: Int, _ column: Int, of sum: Int) -> Markup {
        let count = counts[row][column]
        guard count > 0, sum > 0 else { return "<td class=\"zero\">\(NumberText.grouped(count))</td>" }
        let share = Double(count) / Double(sum)
        // Mistakes are few, so their colours rise faster.
        let strength = row == column ? 0.12 + 0.88 * share : min(1, 0.08 + 0.92 * share.squareRoot())
        let names = (row == column ? "right" : "wrong") + (strength > 0.62 ? " deep" : "")
        return
            "<td class=\"\(names)\" style=\"--a:\(String(format: "%.2f", strength))\">\(NumberText.grouped(count))</td>"
    }

    private func share(_ count: Int, of sum: Int) -> String {
        sum > 0 ? NumberText.percent(Double(count) / Double(sum), digits: 0) : "–"
    }

    // MARK: Without

    private var picture: Markup {
        let largest = 1024
        let side = min(counts.count, largest)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(side * side * 3)
        for row in 0..<side {
            let sum = Double(max(counts[row].reduce(0, +), 1))
            for column in 0..<side {
                let strength = (Double(counts[row][column]) / sum).squareRoot()
                let color: [Double] = row == column ? [0, 104, 170] : [205, 82, 0]
                bytes += color.map { UInt8(max(0, min(255, 255 - strength * (255 - $0)))) }
            }
        }
        guard let image = ClassifierEvaluation.Pixels(width: side, height: side, channels: 3, bytes: bytes) else {
            return .empty
        }
        return """
            <p class="note">A row for each class that samples have, a column for each that they were given; blue where \
            both are the same.</p>
            <img class="heat" alt="Confusion matrix of \(NumberText.grouped(counts.count)) classes" src="\(PNGFile.address(of: image))"/>
            """
    }

    private var pairs: Markup {
        var found: [(row: Int, column: Int, count: Int)] = []
        for row in counts.indices {
            for column in counts.indices where column != row && counts[row][column] > 0 {
                found.append((row, column, counts[row][column]))
            }
        }
        found.sort { ($1.count, $0.row, $0.column) < ($0.count, $1.row, $1.column) }
        guard !found.isEmpty else { return .empty }
        let items = found.prefix(Self.mostPairs).map { pair -> Markup in
            """
            <li><b>\(evaluation.name(of: pair.row))</b> taken for <b>\(evaluation.name(of: pair.column))</b>: \
            \(NumberText.grouped(pair.count))</li>
            """
        }
        return "<div><h3>Most frequent mistakes</h3><ol class=\"pairs\">\(items)</ol></div>"
    }
}
