/// A height and a width: `3` for both, or `[3, 5]`.
public struct Size2D: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
    CustomStringConvertible
{
    /// The first of the two.
    public let height: Int
    /// The second of the two.
    public let width: Int

    /// Two sizes.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }
    /// The same size twice.
    public init(_ side: Int) { self.init(height: side, width: side) }
    /// The same size twice.
    public init(integerLiteral side: Int) { self.init(side) }
    /// Two sizes, height first; any other number of them stops the program.
    public init(arrayLiteral sizes: Int...) {
        guard sizes.count == 2 else {
            stop("a two-dimensional size has a height and a width, but \(sizes) was written", operands: [])
        }
        self.init(height: sizes[0], width: sizes[1])
    }

    /// One number, or both in brackets.
    public var description: String { height == width ? "\(height)" : "[\(height), \(width)]" }

    func withPair<Result>(_ body: (UnsafePointer<Int64>) -> Result) -> Result {
        withDimensions([height, width]) { values, _ in body(values) }
    }
}
