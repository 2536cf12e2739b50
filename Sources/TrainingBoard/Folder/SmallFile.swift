/// A file that is replaced whole, such as `config.json`, read again when it has changed.
struct SmallFile: Sendable {
    private(set) var bytes: [UInt8]?
    private var seen: FileSignature?

    /// Larger files are not what they should be.
    static let mostBytes = 8 << 20

    /// Looks at the file again.
    ///
    /// - Returns: Whether its contents are new.
    mutating func refresh(_ file: OpenFile?) -> Bool {
        let signature = file?.status.map(FileSignature.init)
        guard signature != seen else { return false }
        seen = signature
        guard let file, let signature, signature.size <= Self.mostBytes else {
            bytes = nil
            return true
        }
        bytes = file.read(signature.size, at: 0)
        return true
    }
}
