extension UnsafeRawBufferPointer {
    /// How many elements of a type are no numbers; none of those that are not floating-point.
    func countOfNaN(as dtype: SafetensorsDType) -> Int {
        switch dtype {
        case .f64: count(of: UInt64.self) { $0 & 0x7fff_ffff_ffff_ffff > 0x7ff0_0000_0000_0000 }
        case .f32: count(of: UInt32.self) { $0 & 0x7fff_ffff > 0x7f80_0000 }
        case .f16: count(of: UInt16.self) { $0 & 0x7fff > 0x7c00 }
        case .bf16: count(of: UInt16.self) { $0 & 0x7fff > 0x7f80 }
        default: 0
        }
    }

    private func count<Word: FixedWidthInteger>(of type: Word.Type, _ isNaN: (Word) -> Bool) -> Int {
        withMemoryRebound(to: Word.self) { words in words.reduce(into: 0) { $0 += isNaN($1) ? 1 : 0 } }
    }
}
