import Files

extension SafetensorsError {
    /// The error for a file that could not be read or written.
    init(_ error: FileError) {
        let code: Code =
            switch error.code {
            case .diskFull: .diskFull
            case .truncated: .truncated
            case .unwritable: .fileUnwritable
            default: .fileUnreadable
            }
        self.init(code, error.message, cause: error.cause, fileID: error.fileID, line: error.line)
    }
}
