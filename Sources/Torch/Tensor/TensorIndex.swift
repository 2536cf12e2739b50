/// What one place of a subscript chooses along a dimension.
///
/// Numbers, ranges, arrays of numbers and tensors stand for themselves; the other forms have names:
/// ```swift
/// x[0]                     // the first row
/// x[1..<3, .all]           // two rows
/// x[.ellipsis, -1]         // the last column
/// x[.step(from: 0, by: 2)] // every other row
/// x[.newAxis]              // a dimension of size one in front
/// x[[2, 0, 1]]             // rows chosen by number, copied
/// x[x > 0]                 // the positive elements, copied
/// ```
public enum TensorIndex {
    /// One index; the dimension goes away. Negative ones count from the end.
    case index(Int)
    /// A slice; nil stands for the dimension's end.
    case slice(from: Int, to: Int?, by: Int)
    /// As many whole dimensions as the other places leave.
    case remaining
    /// A new dimension of size one.
    case inserted
    /// Indices (`int64`) or a mask (`bool`).
    case tensor(Tensor)
}

/// Anything that can stand in a tensor's subscript.
public protocol TensorIndexing {
    /// What it chooses.
    var tensorIndex: TensorIndex { get }
}

// The named forms, written with a leading dot in a subscript.
extension TensorIndexing where Self == TensorIndex {
    /// A whole dimension.
    public static var all: TensorIndex { .slice(from: 0, to: nil, by: 1) }

    /// Every `stride`-th index; negative ends count from the dimension's end.
    public static func step(from start: Int = 0, to end: Int? = nil, by stride: Int) -> TensorIndex {
        .slice(from: start, to: end, by: stride)
    }

    /// As many whole dimensions as the other places leave.
    public static var ellipsis: TensorIndex { .remaining }

    /// A new dimension of size one.
    public static var newAxis: TensorIndex { .inserted }
}

extension TensorIndex: TensorIndexing {
    /// Itself.
    public var tensorIndex: TensorIndex { self }
}
extension Int: TensorIndexing {
    /// One index.
    public var tensorIndex: TensorIndex { .index(self) }
}
extension Range<Int>: TensorIndexing {
    /// The indices in the range; negative ends count from the dimension's end.
    public var tensorIndex: TensorIndex { .slice(from: lowerBound, to: upperBound, by: 1) }
}
extension ClosedRange<Int>: TensorIndexing {
    /// The indices in the range, the upper end included.
    public var tensorIndex: TensorIndex {
        .slice(from: lowerBound, to: upperBound == -1 ? nil : upperBound + 1, by: 1)
    }
}
extension PartialRangeFrom<Int>: TensorIndexing {
    /// The indices from the lower end on.
    public var tensorIndex: TensorIndex { .slice(from: lowerBound, to: nil, by: 1) }
}
extension PartialRangeUpTo<Int>: TensorIndexing {
    /// The indices before the upper end.
    public var tensorIndex: TensorIndex { .slice(from: 0, to: upperBound, by: 1) }
}
extension PartialRangeThrough<Int>: TensorIndexing {
    /// The indices up to the upper end, included.
    public var tensorIndex: TensorIndex { .slice(from: 0, to: upperBound == -1 ? nil : upperBound + 1, by: 1) }
}
extension Array<Int>: TensorIndexing {
    /// The indices in their order.
    public var tensorIndex: TensorIndex { .tensor(Tensor(copying: self)) }
}
extension Tensor: TensorIndexing {
    /// Indices or a mask.
    public var tensorIndex: TensorIndex { .tensor(self) }
}
