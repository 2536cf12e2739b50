import Files
import Foundation

/// What a file is by its first bytes, so that an error can say what lies where a data file should.
enum FileKind: Sendable, Hashable {
    case gzip, xz, zip, webPage, idx

    /// The kind of the file at `path`; nil where the first bytes tell nothing.
    init?(of path: String) {
        guard let file = try? FileDescriptor(opening: path, O_RDONLY) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(file.number, &bytes, bytes.count)
        guard count > 0 else { return nil }
        self.init(firstBytes: bytes[..<count])
    }

    /// The kind that the first bytes of a file tell.
    init?(firstBytes bytes: ArraySlice<UInt8>) {
        if bytes.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) {
            self = .xz
        } else if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            self = .zip
        } else if bytes.starts(with: [0, 0, 8, 1]) || bytes.starts(with: [0, 0, 8, 3]) {
            self = .idx
        } else {
            let text = String(decoding: bytes, as: UTF8.self).drop(while: \.isWhitespace).lowercased()
            guard text.hasPrefix("<!doctype") || text.hasPrefix("<html") || text.hasPrefix("<?xml") else { return nil }
            self = .webPage
        }
    }

    /// The kind that a name promises.
    init?(ofName name: String) {
        if name.hasSuffix(".gz") || name.hasSuffix(".tgz") {
            self = .gzip
        } else if name.hasSuffix(".xz") {
            self = .xz
        } else if name.hasSuffix("-ubyte") {
            self = .idx
        } else {
            return nil
        }
    }

    /// The kind in words, with an article.
    var text: String {
        switch self {
        case .gzip: "a gzip file"
        case .xz: "an xz file"
        case .zip: "a zip archive"
        case .webPage: "a web page (HTML or XML)"
        case .idx: "an IDX file"
        }
    }
}
