import Plotting

extension Chart {
    private static let (faintBuckets, strongBuckets) = (400, 300)

    /// The chart as a figure of a page.
    ///
    /// The drawing is stretched to the room that there is; texts stand beside it, so that they keep their size.
    var markup: Markup {
        let axes = ChartAxes(self)
        let shown = lines.map { line in
            (
                line,
                Thinning.thinned(line.points, buckets: line.stroke == .faint ? Self.faintBuckets : Self.strongBuckets)
            )
        }
        let gaps = notFinite
        return """
            <figure class="chart\(isWide ? " wide" : "")" id="\(id)">
            <figcaption><h3>\(title)</h3>\(noteText(axes))</figcaption>
            \(legend(gaps))
            <div class="plot" tabindex="0" role="group" aria-label="\(title): arrow keys move along the curve">
            <div class="ys" aria-hidden="true">\(axes.yTicks(unit).map { "<span style=\"top:\(percent: $0.share)\">\($0.text)</span>" })</div>
            <div class="area">
            \(drawing(axes, shown, gaps))
            </div>
            <div class="xs" aria-hidden="true">\(axes.xTicks.map { "<span style=\"left:\(percent: $0.share)\">\($0.text)</span>" })</div>
            </div>
            <div class="readout" role="status"></div>
            \(ChartData(self, shown, axes).markup)
            </figure>

            """
    }

    private func noteText(_ axes: ChartAxes) -> Markup {
        let parts = [note, axes.y.isLogarithmic ? "log scale" : nil].compactMap { $0 }
        return parts.isEmpty ? .empty : "<p class=\"note\">\(parts.joined(separator: " · "))</p>"
    }

    // MARK: Legend

    private func legend(_ gaps: [Thinning.Gap]) -> Markup {
        var entries = lines.filter(\.isNamed).map { line -> Markup in
            let last = line.points.last { $0.y.isFinite }
            let value: Markup = last.map { "<b>\(unit.text($0.y))</b>" } ?? .empty
            let form = line.points.count == 1 ? "dot " : ""
            return "<li><i class=\"key \(form)\(Self.color(line.color))\"></i>\(line.name) \(value)</li>"
        }
        if !gaps.isEmpty {
            entries.append("<li class=\"bad\"><i class=\"key cross\"></i>\(Self.words(gaps))</li>")
        }
        return "<ul class=\"legend\">\(entries)</ul>"
    }

    static func color(_ number: Int) -> String { "s\(number % 7)\(number >= 7 ? " dash" : "")" }

    private var notFinite: [Thinning.Gap] {
        lines.filter { $0.stroke != .strong || !hasFaint($0.name) }.flatMap { Thinning.gaps($0.points) }
            .sorted { $0.first < $1.first }
    }

    private func hasFaint(_ name: String) -> Bool { lines.contains { $0.name == name && $0.stroke == .faint } }

    private static func words(_ gaps: [Thinning.Gap]) -> String {
        let places = gaps.prefix(3).map { gap in
            gap.first == gap.last
                ? NumberText.grouped(Int(clamping: gap.first))
                : "\(NumberText.grouped(Int(clamping: gap.first)))–\(NumberText.grouped(Int(clamping: gap.last)))"
        }
        let count = gaps.reduce(0) { $0 + $1.count }
        return "not finite at \(NumberText.count(count, "step")): \(places.joined(separator: ", "))"
            + (gaps.count > 3 ? ", …" : "")
    }

    // MARK: Drawing

    private func drawing(_ axes: ChartAxes, _ shown: [(Line, [CurvePoint])], _ gaps: [Thinning.Gap]) -> Markup {
        var parts: [Markup] = []
        for tick in axes.yTicks(unit) {
            parts.append(rule("grid", 0, tick.share * ChartAxes.height, ChartAxes.width, tick.share * ChartAxes.height))
        }
        for mark in marks.prefix(60) {
            let place = axes.x.place(Double(mark.step))
            parts.append(rule("mark", place, 0, place, ChartAxes.height))
        }
        for gap in gaps.prefix(200) { parts.append(band(gap, axes)) }
        for (line, points) in shown {
            parts.append(
                "<path class=\"\(line.stroke.rawValue) \(Self.color(line.color))\" d=\"\(Self.path(points, axes))\"/>")
            if line.stroke == .dotted {
                let dots = Self.dots(points.count > 200 ? points.suffix(1) : points[...], axes)
                parts.append("<path class=\"dots \(Self.color(line.color))\" d=\"\(dots)\"/>")
            }
        }
        return """
            <svg viewBox="0 0 1000 400" preserveAspectRatio="none" role="img" aria-labelledby="\(id)-title \(id)-desc">
            <title id="\(id)-title">\(title)</title>
            <desc id="\(id)-desc">\(description)</desc>
            \(parts)
            </svg>
            """
    }

    private func rule(_ name: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> Markup {
        let (start, end) = (Self.pair(x1, y1), Self.pair(x2, y2))
        return "<path class=\"\(name)\" d=\"M\(start)L\(end)\"/>"
    }

    /// Where values are missing: at least wide enough to be seen.
    private func band(_ gap: Thinning.Gap, _ axes: ChartAxes) -> Markup {
        let (start, end) = (axes.x.place(gap.first), axes.x.place(gap.last))
        let width = max(end - start, 3)
        let left = max(0, min(start - (width - (end - start)) / 2, ChartAxes.width - width))
        return
            "<rect class=\"gap\" x=\"\(MarkupText.coordinate(left))\" y=\"0\" width=\"\(MarkupText.coordinate(width))\" height=\"400\"/>"
    }

    private static func pair(_ x: Double, _ y: Double) -> String {
        "\(MarkupText.coordinate(x)) \(MarkupText.coordinate(y))"
    }

    /// A path that is broken where values are not finite.
    private static func path(_ points: [CurvePoint], _ axes: ChartAxes) -> String {
        var path = ""
        var isOpen = false
        for point in points {
            guard point.y.isFinite else {
                isOpen = false
                continue
            }
            path += (isOpen ? "L" : "M") + pair(axes.x.place(point.x), axes.y.place(point.y))
            isOpen = true
        }
        return path.isEmpty ? "M0 0" : path
    }

    /// Lines without length, which round ends make dots of in spite of the stretching.
    private static func dots(_ points: ArraySlice<CurvePoint>, _ axes: ChartAxes) -> String {
        points.filter(\.y.isFinite).map { "M\(pair(axes.x.place($0.x), axes.y.place($0.y)))h0" }.joined()
    }

    /// What is seen, for those who do not see it.
    private var description: String {
        let sentences = lines.filter(\.isNamed).map { line -> String in
            let finite = line.points.filter(\.y.isFinite)
            guard let first = finite.first, let last = finite.last else { return "\(line.name): no finite value." }
            if finite.count == 1 {
                return "\(line.name): \(unit.text(last.y)) at step \(NumberText.grouped(Int(clamping: last.x)))."
            }
            let low = finite.map(\.y).min() ?? last.y
            let high = finite.map(\.y).max() ?? last.y
            return "\(line.name): from \(unit.text(first.y)) at step \(NumberText.grouped(Int(clamping: first.x))) to "
                + "\(unit.text(last.y)) at step \(NumberText.grouped(Int(clamping: last.x))), between \(unit.text(low)) and "
                + "\(unit.text(high))."
        }
        return sentences.joined(separator: " ")
    }
}
