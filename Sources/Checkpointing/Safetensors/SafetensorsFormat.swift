/// The limits and rules that reader and writer share.
///
/// A file is eight bytes of header length (little-endian), the header (JSON), and the tensors' bytes:
/// <https://github.com/huggingface/safetensors#format>.
enum SafetensorsFormat {
    /// The bytes in front of the header, which hold its length.
    static let prefixSize = 8

    /// The longest header that is read or written, as in the reference implementation.
    static let longestHeader = 100_000_000

    /// The most dimensions that a tensor may have, so that a header cannot blow up in memory.
    static let mostDimensions = 64

    /// The key that holds the file's metadata and can be no tensor's name.
    static let metadataKey = "__metadata__"

    /// The bytes of a tensor, or nil where no machine can address them.
    ///
    /// The product is formed from left to right, as the reference does, so a leading zero allows anything behind it.
    static func byteCount(of shape: [Int], _ dtype: SafetensorsDType) -> Int? {
        var count = 1
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            if overflow { return nil }
            count = product
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: dtype.size)
        return overflow ? nil : bytes
    }
}

/// A string that is compared byte by byte.
///
/// Swift's own strings take `é` and `e` with a combining accent for equal; the format does not.
struct ExactName: Hashable, Sendable {
    let text: String

    static func == (left: ExactName, right: ExactName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8.max)
    }
}

extension String {
    /// The text in quotation marks for a message: control characters escaped, and cut where it is very long.
    var quotedForMessage: String {
        let shown = unicodeScalars.prefix(120)
        var text = "\""
        for scalar in shown { text += scalar.escaped(asASCII: false) }
        text += "\""
        return shown.endIndex == unicodeScalars.endIndex ? text : text + "..."
    }
}
