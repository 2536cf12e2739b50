/// The numbers of nodes that a plan is made for: `1...64`, `1,2,4,8`, or both, as `1...4,8,16`.
public struct NodeCounts: Sendable, Hashable, CustomStringConvertible {
    /// The numbers, ascending, each once.
    public let values: [Int]

    /// The largest number of nodes that makes sense, and how many numbers may be asked for.
    public static let limits = (nodes: 1_000_000, count: 10_000)

    /// Reads numbers and ranges with commas between them.
    ///
    /// - Throws: ``PlanningError`` with `invalidNodeCounts` that says which part is wrong.
    public init(_ text: String) throws {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let range = try Self.range(String(part.filter { $0 != " " }), in: text)
            guard range.count + numbers.count <= Self.limits.count else {
                throw Self.failure(text, "these are more than \(Self.limits.count) numbers")
            }
            numbers.formUnion(range)
        }
        values = numbers.sorted()
    }

    /// The text that stands for them on a command line.
    public var description: String {
        guard let first = values.first, let last = values.last else { return "" }
        return values.count > 1 && last - first == values.count - 1
            ? "\(first)...\(last)" : values.map(String.init).joined(separator: ",")
    }

    private static func range(_ part: String, in text: String) throws -> ClosedRange<Int> {
        guard !part.contains("..<") else {
            throw failure(text, "'\(part)' excludes its end; ranges here include both ends")
        }
        let bounds = part.components(separatedByDots: 3)
        guard bounds.count <= 2, let first = Int(bounds[0]), let last = Int(bounds[bounds.count - 1]) else {
            throw failure(text, "'\(part)' is neither a number nor a range")
        }
        guard first >= 1, last <= limits.nodes else {
            throw failure(text, "'\(part)' is not within 1 and \(limits.nodes)")
        }
        guard first <= last else { throw failure(text, "'\(part)' begins with the larger number") }
        return first...last
    }

    private static func failure(_ text: String, _ reason: String) -> PlanningError {
        PlanningError(
            .invalidNodeCounts, "'\(text)' is no list of numbers of nodes: \(reason). Write it like 1...64 or 1,2,4,8.")
    }
}

extension String {
    /// The parts before and after each run of exactly `count` dots.
    fileprivate func components(separatedByDots count: Int) -> [String] {
        let dots = String(repeating: ".", count: count)
        return split(separator: dots, omittingEmptySubsequences: false).map(String.init)
    }
}
