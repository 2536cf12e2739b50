import RunFiles

/// A file in JSON that is replaced whole, such as `config.json`, read again when it has changed.
struct SmallFile: Sendable {
    /// What is in it; nil where there is no such file, or something else in it.
    private(set) var value: StoredValue?
    private var seen: FileSignature?

    /// Larger files are not what they should be.
    private static let mostBytes = 8 << 20

    /// Looks at the file again.
    ///
    /// - Returns: Whether its contents are new.
    mutating func refresh(_ file: OpenFile?) -> Bool {
        let signature = file?.status.map(FileSignature.init)
        guard signature != seen else { return false }
        seen = signature
        value = file.flatMap(Self.value)
        return true
    }

    /// What is in a file.
    static func value(_ file: OpenFile) -> StoredValue? {
        guard let size = file.size, size <= mostBytes else { return nil }
        return file.read(size, at: 0).withUnsafeBytes { StoredValue($0) }
    }
}
