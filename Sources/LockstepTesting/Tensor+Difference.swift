public import Torch

extension Tensor {
    /// What sets this tensor apart from the one that was expected, in words; nil where they agree.
    ///
    /// Shape and type must be the same, and each element must differ by at most `absolute + relative · |expected|`.
    /// NaN agrees with NaN, and an infinity with itself. The words name the largest difference and its place.
    ///
    /// ```swift
    /// #expect(output.difference(from: expected, relative: 1e-5) == nil)
    /// // → 2 of 12 elements differ; the largest difference, 0.25, is at [1, 3]: 0.5 instead of 0.75
    /// ```
    ///
    /// - Parameters:
    ///   - expected: what the tensor should be.
    ///   - relative: what may differ, as a share of the expected element.
    ///   - absolute: what may differ besides.
    public func difference(from expected: Tensor, relative: Double = 0, absolute: Double = 0) -> String? {
        guard shape == expected.shape, dtype == expected.dtype else {
            return "\(shape) \(dtype) instead of \(expected.shape) \(expected.dtype)"
        }
        let elements = zip(elementsForComparison, expected.elementsForComparison).enumerated()
        var count = 0
        var largest = (place: 0, distance: -1.0, found: ComparedElement.real(0), expected: ComparedElement.real(0))
        for (place, (found, wanted)) in elements {
            let distance = found.distance(to: wanted)
            guard distance > absolute + relative * wanted.magnitude else { continue }
            count += 1
            if distance > largest.distance { largest = (place, distance, found, wanted) }
        }
        guard count > 0 else { return nil }
        return "\(count) of \(self.count) elements differ; the largest difference, \(largest.distance), is at "
            + "\(position(of: largest.place)): \(largest.found) instead of \(largest.expected)"
    }

    private var elementsForComparison: [ComparedElement] {
        dtype.isFloatingPoint
            ? array(of: Double.self).map(ComparedElement.real) : array(of: Int64.self).map(ComparedElement.integer)
    }

    private func position(of place: Int) -> [Int] {
        var rest = place
        var position: [Int] = []
        for size in shape.reversed() {
            position.insert(rest % size, at: 0)
            rest /= size
        }
        return position
    }
}

/// One element, exact for integers of any size.
private enum ComparedElement: CustomStringConvertible {
    case real(Double)
    case integer(Int64)

    /// What a relative tolerance is a share of.
    var magnitude: Double {
        switch self {
        case .real(let value): value.isFinite ? value.magnitude : 0
        case .integer(let value): Double(value.magnitude)
        }
    }

    var description: String {
        switch self {
        case .real(let value): "\(value)"
        case .integer(let value): "\(value)"
        }
    }

    func distance(to other: ComparedElement) -> Double {
        switch (self, other) {
        case (.integer(let value), .integer(let other)):
            value == other ? 0 : max(1, abs(Double(value) - Double(other)))
        case (.real(let value), .real(let other)) where value == other || value.isNaN && other.isNaN: 0
        case (.real(let value), .real(let other)) where value.isFinite && other.isFinite: abs(value - other)
        default: .infinity
        }
    }
}
