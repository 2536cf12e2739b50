/// A file whose name, size and checksum are known beforehand.
public struct PinnedFile: Sendable, Hashable, CustomStringConvertible {
    /// The file name, without a folder.
    public let name: String

    /// The size in bytes.
    public let size: Int

    /// The checksum of the whole file.
    public let checksum: Checksum

    /// Pins a file.
    public init(_ name: String, size: Int, _ checksum: Checksum) {
        self.name = name
        self.size = size
        self.checksum = checksum
    }

    /// Name, size and checksum, as a person needs them to check a file by hand.
    public var description: String { "\(name) (\(size) bytes, \(checksum))" }
}

/// A checksum with its algorithm, in lower-case hexadecimal digits.
public enum Checksum: Sendable, Hashable, CustomStringConvertible {
    /// MD5, which guards against damage only; used where a publisher gives nothing better.
    case md5(String)
    /// SHA-256.
    case sha256(String)

    /// The algorithm's name and the digits.
    public var description: String {
        switch self {
        case .md5(let digits): "md5 \(digits)"
        case .sha256(let digits): "sha256 \(digits)"
        }
    }
}
