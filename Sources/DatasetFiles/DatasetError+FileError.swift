import Files

extension DatasetError {
    /// The error for a file that could not be read or written.
    init(_ error: FileError) {
        let (code, remedy): (Code, String) =
            switch error.code {
            case .diskFull:
                (.diskFull, " To use another disk, set XDG_CACHE_HOME; what has arrived is kept and resumed.")
            case .unwritable:
                (.cacheUnavailable, " Make the folder writable, or set XDG_CACHE_HOME to one that is.")
            case .truncated: (.truncated, "")
            default: (.fileUnreadable, "")
            }
        self.init(
            code, error.message + remedy, cause: error.cause, fileID: "\(error.fileID)", line: Int(error.line))
    }
}
