import Files

extension TrackingError {
    /// The error for a file or folder that could not be read or written.
    ///
    /// - Parameter code: What kind of failure it is unless the disk is full.
    init(_ error: FileError, code: Code = .fileUnwritable) {
        self.init(
            error.code == .diskFull ? .diskFull : code, error.message, cause: error.cause, fileID: error.fileID,
            line: error.line)
    }
}
