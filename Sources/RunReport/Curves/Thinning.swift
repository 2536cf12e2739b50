/// Makes a curve of few points that looks like one of many.
enum Thinning {
    /// Where a curve has values that are not finite.
    struct Gap: Sendable, Hashable {
        /// The first and the last step.
        let first, last: Double
        /// How many values.
        let count: Int
    }

    /// The lowest and the highest value of each of `buckets` parts of equal length, so that no peak is lost.
    ///
    /// The first and the last point stay. One value that is not finite stands for several in a row.
    static func thinned(_ points: [CurvePoint], buckets: Int) -> [CurvePoint] {
        guard points.count > 2 * buckets + 2, let first = points.first, let last = points.last, last.x > first.x else {
            return points
        }
        let width = (last.x - first.x) / Double(buckets)
        var result = [first]
        var index = 1
        while index < points.count - 1 {
            let bucket = ((points[index].x - first.x) / width).rounded(.down)
            var (low, high) = (index, index)
            var hasFinite = false
            var end = index
            var notFinite: Int?
            while end < points.count - 1, ((points[end].x - first.x) / width).rounded(.down) == bucket {
                if points[end].y.isFinite {
                    if !hasFinite { (low, high, hasFinite) = (end, end, true) }
                    if points[end].y < points[low].y { low = end }
                    if points[end].y > points[high].y { high = end }
                } else if notFinite == nil {
                    notFinite = end
                }
                end += 1
            }
            let kept = (hasFinite ? [low, high] : []) + (notFinite.map { [$0] } ?? [])
            for place in Set(kept).sorted() { result.append(points[place]) }
            index = end
        }
        result.append(last)
        return result
    }

    /// Where values are not finite, from the first to the last without a finite one between them.
    static func gaps(_ points: [CurvePoint]) -> [Gap] {
        var gaps: [Gap] = []
        var wasFinite = true
        for point in points {
            let isFinite = point.y.isFinite
            if !isFinite {
                if wasFinite {
                    gaps.append(Gap(first: point.x, last: point.x, count: 1))
                } else if let open = gaps.popLast() {
                    gaps.append(Gap(first: open.first, last: point.x, count: open.count + 1))
                }
            }
            wasFinite = isFinite
        }
        return gaps
    }
}
