import Files

/// A mapped file in the IDX format of unsigned bytes.
///
/// Two zero bytes, the type (8: unsigned byte), the number of dimensions, each dimension as a 32-bit big-endian
/// integer, then the elements in row-major order (LeCun, "The MNIST database", file formats).
package struct IDXFile: Sendable {
    let file: MappedFile
    /// The sizes of the array.
    package let dimensions: [Int]

    /// Maps and checks an IDX file.
    ///
    /// - Parameter rank: the number of dimensions expected: 1 for labels, 3 or 4 for images.
    /// - Throws: ``DatasetError`` with `wrongKind`, `truncated` or `wrongSize`.
    package init(_ path: String, rank: Int) throws {
        file = try withFileErrors(as: DatasetError.init(_:)) { try MappedFile(path) }
        let bytes = file.bytes
        let expected = "an IDX file of unsigned bytes with \(rank) dimension\(rank == 1 ? "" : "s")"
        let headerSize = 4 + 4 * rank
        guard bytes.count >= headerSize else {
            throw DatasetError(
                .truncated,
                "\(path) has \(bytes.count) bytes. Expected \(expected), whose header alone has \(headerSize).")
        }
        guard bytes[0] == 0, bytes[1] == 0, bytes[2] == 8, Int(bytes[3]) == rank else {
            let kind = FileKind(firstBytes: ArraySlice(bytes.prefix(64))).map { "\($0.text), it " } ?? ""
            throw DatasetError(
                .wrongKind,
                "\(path) is \(kind)begins with the bytes \(hexadecimal(bytes.prefix(4))). Expected \(expected), which "
                    + "begins with \(hexadecimal([0, 0, 8, UInt8(rank)])).")
        }
        dimensions = (0..<rank).map { index in
            Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4 + 4 * index, as: UInt32.self)))
        }
        var count = headerSize
        var overflow = false
        let elements = dimensions.reduce(1) { product, dimension in
            let (next, carry) = product.multipliedReportingOverflow(by: dimension)
            overflow = overflow || carry
            return next
        }
        if !overflow { (count, overflow) = headerSize.addingReportingOverflow(elements) }
        guard !overflow, bytes.count == count else {
            let shape = dimensions.map(String.init).joined(separator: "×")
            throw DatasetError(
                overflow || bytes.count < count ? .truncated : .wrongSize,
                "\(path) has \(bytes.count) bytes. Expected \(overflow ? "more than can be" : String(count)): its header "
                    + "says \(shape).")
        }
    }

    /// Some of the elements, in memory of their own.
    ///
    /// - Parameter range: from 0 up to the product of the dimensions.
    /// - Throws: ``DatasetError`` where the file has become shorter.
    package func copy(_ range: Range<Int>) throws -> [UInt8] {
        try withFileErrors(as: DatasetError.init(_:)) {
            try file.copy(range.count, at: 4 + 4 * dimensions.count + range.lowerBound)
        }
    }

    /// The elements, after the header.
    var elements: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: file.bytes[(4 + 4 * dimensions.count)...])
    }
}
