import RunFiles

/// A file in JSON that is replaced whole, such as `config.json`, read again when it has changed.
struct SmallFile: Sendable {
    /// What is in it; nil where there is no such file, or something else in it.
    private(set) var value: StoredValue?
    private var seen: FileSignature?

    /// When it was written, in seconds since 1970.
    var time: Double? { seen?.time }

    /// Larger files are not what they should be.
    static let mostBytes = 8 << 20

    /// Looks at the file again.
    ///
    /// - Returns: Whether its contents are new.
    mutating func refresh(_ file: OpenFile?) -> Bool {
        let signature = file?.status.map(FileSignature.init)
        guard signature != seen else { return false }
        seen = signature
        value = file.flatMap { Self.value($0) }
        return true
    }

    /// What is in a file of at most so many bytes.
    static func value(_ file: OpenFile, limit: Int = mostBytes) -> StoredValue? {
        guard let size = file.size, size <= limit else { return nil }
        return file.read(size, at: 0).withUnsafeBytes { StoredValue($0) }
    }
}
