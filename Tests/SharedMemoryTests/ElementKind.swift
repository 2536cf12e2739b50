import CTorchKernels

/// A type that can be reduced: values for each rank, and the reductions written out plainly.
struct ElementKind<Element: BitwiseCopyable & Sendable>: Sendable {
    let dtype: Int8
    let value: @Sendable (_ rank: Int, _ index: Int) -> Element
    /// What each reduction makes of the ranks' values, given in the order of the ranks.
    let reductions: [PlainReduction<Element>]
}

struct PlainReduction<Element: Sendable>: Sendable {
    let number: Int
    let reduce: @Sendable ([Element]) -> Element

    init(_ number: Int, _ reduce: @escaping @Sendable ([Element]) -> Element) {
        self.number = number
        self.reduce = reduce
    }
}

extension ElementKind where Element: FixedWidthInteger {
    static func integer(_ dtype: Int8) -> Self {
        Self(
            dtype: dtype,
            value: { rank, index in Element(truncatingIfNeeded: (index &+ 1) &* (2_654_435_761 &+ rank)) },
            reductions: [
                .init(CTK_SUM, { $0.dropFirst().reduce($0[0]) { $0 &+ $1 } }),
                .init(CTK_PRODUCT, { $0.dropFirst().reduce($0[0]) { $0 &* $1 } }),
                .init(CTK_MINIMUM, { $0.dropFirst().reduce($0[0]) { min($0, $1) } }),
                .init(CTK_MAXIMUM, { $0.dropFirst().reduce($0[0]) { max($0, $1) } }),
                .init(CTK_BITWISE_AND, { $0.dropFirst().reduce($0[0]) { $0 & $1 } }),
                .init(CTK_BITWISE_OR, { $0.dropFirst().reduce($0[0]) { $0 | $1 } }),
                .init(CTK_BITWISE_XOR, { $0.dropFirst().reduce($0[0]) { $0 ^ $1 } }),
            ])
    }
}

extension ElementKind where Element == UInt8 {
    static var boolean: Self {
        Self(
            dtype: 11, value: { rank, index in (index >> rank) & 1 == 0 ? 0 : 1 },
            reductions: [
                .init(CTK_SUM, { $0.reduce(0) { $0 | $1 } }), .init(CTK_MAXIMUM, { $0.reduce(0) { $0 | $1 } }),
                .init(CTK_PRODUCT, { $0.reduce(1) { $0 & $1 } }), .init(CTK_MINIMUM, { $0.reduce(1) { $0 & $1 } }),
            ])
    }
}

extension ElementKind {
    /// A floating-point type whose values are reduced as `Wide` and rounded once.
    static func real<Wide: BinaryFloatingPoint & Sendable>(
        _ dtype: Int8, as: Wide.Type, widened: @escaping @Sendable (Element) -> Wide,
        rounded: @escaping @Sendable (Wide) -> Element
    ) -> Self {
        func reduction(_ combine: @escaping @Sendable (Wide, Wide) -> Wide) -> @Sendable ([Element]) -> Element {
            { values in rounded(values.dropFirst().reduce(widened(values[0])) { combine($0, widened($1)) }) }
        }
        return Self(
            dtype: dtype,
            // Values of such different sizes that another order gives other bits.
            value: { rank, index in
                let sign: Wide = (index + rank) % 3 == 0 ? -1 : 1
                return rounded(sign * Wide((index * 37 + rank * 101) % 1009 + 1) / Wide(7 + 50 * rank))
            },
            reductions: [
                .init(CTK_SUM, reduction { $0 + $1 }), .init(CTK_PRODUCT, reduction { $0 * $1 }),
                .init(CTK_MINIMUM, reduction { $1 < $0 ? $1 : $0 }),
                .init(CTK_MAXIMUM, reduction { $1 > $0 ? $1 : $0 }),
                .init(CTK_AVERAGE) { values in
                    let sum = values.dropFirst().reduce(widened(values[0])) { $0 + widened($1) }
                    return rounded(sum / Wide(values.count))
                },
            ])
    }

    /// The bits of a bfloat16.
    static var bfloat16: ElementKind<UInt16> {
        .real(
            15, as: Float.self, widened: { Float(bitPattern: UInt32($0) << 16) },
            rounded: { value in
                // To the nearest, and to even where two are as near.
                let bits = value.bitPattern
                return UInt16(truncatingIfNeeded: (bits + 0x7fff + (bits >> 16 & 1)) >> 16)
            })
    }
}
