extension [UInt8] {
    /// Appends the bytes of integers, each in the width of its type, the lowest byte first.
    mutating func append<each Integer: FixedWidthInteger>(littleEndian values: repeat each Integer) {
        for value in repeat each values {
            Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
        }
    }
}
