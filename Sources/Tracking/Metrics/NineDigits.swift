import Glibc

/// A finite 32-bit number in nine significant decimal digits, written as C's `%.9g` would.
///
/// Nine digits tell any two 32-bit numbers apart. The digits come from 64-bit arithmetic, whose error is far smaller
/// than half the distance between two 32-bit numbers.
struct NineDigits {
    private let isNegative: Bool
    /// Nine digits as a number, the first of them not zero; or 0 for zero.
    private let digits: Int
    /// The power of ten of the first digit.
    private let exponent: Int

    /// The digits of a finite number.
    init(_ value: Float) {
        isNegative = value.sign == .minus
        let magnitude = Double(value.magnitude)
        guard magnitude > 0 else {
            digits = 0
            exponent = 0
            return
        }
        var exponent = Int(log10(magnitude).rounded(.down))
        var scaled = Self.scale(magnitude, byTenTo: 8 - exponent)
        // The logarithm, or rounding up to a power of ten, can put the first digit one place off.
        if scaled >= 1e9 {
            exponent += 1
            scaled = Self.scale(magnitude, byTenTo: 8 - exponent)
        } else if scaled < 1e8 {
            exponent -= 1
            scaled = min(Self.scale(magnitude, byTenTo: 8 - exponent), 999_999_999)
        }
        self.digits = Int(scaled)
        self.exponent = exponent
    }

    private static func scale(_ magnitude: Double, byTenTo power: Int) -> Double {
        // Dividing by an exact power of ten is more exact than multiplying by an inexact one.
        let scaled = power >= 0 ? magnitude * pow(10, Double(power)) : magnitude / pow(10, Double(-power))
        return scaled.rounded(.toNearestOrEven)
    }

    /// Appends the text.
    func append(to bytes: inout [UInt8]) {
        if isNegative { bytes.append(UInt8(ascii: "-")) }
        guard digits > 0 else { return bytes.append(UInt8(ascii: "0")) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 9) { text in
            var rest = digits
            var count = 9
            for index in (0..<9).reversed() {
                text[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
                if index == count - 1, index > 0, text[index] == UInt8(ascii: "0") { count -= 1 }
            }
            let significant = UnsafeBufferPointer(rebasing: text[..<count])
            if exponent < -4 || exponent > 8 {
                appendScientific(significant, to: &bytes)
            } else {
                appendFixed(significant, to: &bytes)
            }
        }
    }

    private func appendScientific(_ significant: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(significant[0])
        if significant.count > 1 {
            bytes.append(UInt8(ascii: "."))
            bytes.append(contentsOf: significant[1...])
        }
        bytes.append(UInt8(ascii: "e"))
        bytes.append(UInt8(ascii: exponent < 0 ? "-" : "+"))
        bytes.append(UInt8(ascii: "0") + UInt8(abs(exponent) / 10))
        bytes.append(UInt8(ascii: "0") + UInt8(abs(exponent) % 10))
    }

    private func appendFixed(_ significant: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        let whole = exponent + 1
        if whole <= 0 {
            bytes.append(UInt8(ascii: "0"))
            bytes.append(UInt8(ascii: "."))
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -whole))
            bytes.append(contentsOf: significant)
        } else if significant.count <= whole {
            bytes.append(contentsOf: significant)
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: whole - significant.count))
        } else {
            bytes.append(contentsOf: significant[..<whole])
            bytes.append(UInt8(ascii: "."))
            bytes.append(contentsOf: significant[whole...])
        }
    }
}
