/// Reading a decimal number out of bytes, quickly: for display, exact to about the last of 64 bits' digits.
enum DecimalNumber {
    private static let powers: [Double] = (0...22).map { exponent in
        (0..<exponent).reduce(1) { product, _ in product * 10 }
    }

    /// Reads the number that begins at `index`, and moves behind it; nil where there is none.
    static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Double? {
        var position = index
        let isNegative = position < bytes.count && bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var (mantissa, exponent, digits) = (UInt64(0), 0, 0)
        func take(isFraction: Bool) {
            while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit <= 9 {
                // Nineteen digits are more than a number of 64 bits has; the rest only moves the point.
                if mantissa < 1_000_000_000_000_000_000 {
                    mantissa = mantissa * 10 + UInt64(digit)
                    if isFraction { exponent -= 1 }
                } else if !isFraction {
                    exponent += 1
                }
                digits += 1
                position += 1
            }
        }
        take(isFraction: false)
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            take(isFraction: true)
        }
        guard digits > 0 else { return nil }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            guard let power = readExponent(bytes, &position) else { return nil }
            exponent += power
        }
        index = position
        let magnitude = scale(Double(mantissa), byTenTo: exponent)
        return isNegative ? -magnitude : magnitude
    }

    private static func readExponent(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Int? {
        position += 1
        var isNegative = false
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
            isNegative = bytes[position] == UInt8(ascii: "-")
            position += 1
        }
        var (power, digits) = (0, 0)
        while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit <= 9 {
            power = min(power * 10 + Int(digit), 10_000)
            digits += 1
            position += 1
        }
        return digits == 0 ? nil : isNegative ? -power : power
    }

    private static func scale(_ value: Double, byTenTo exponent: Int) -> Double {
        guard value != 0, exponent != 0 else { return value }
        var (value, rest) = (value, min(abs(exponent), 400))
        while rest > 0 {
            let part = min(rest, powers.count - 1)
            value = exponent > 0 ? value * powers[part] : value / powers[part]
            rest -= part
        }
        return value
    }
}
