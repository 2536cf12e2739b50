import Crypto
import Files
import Foundation

/// The note that a file in a user's own folder was hashed and found right, so that later starts need not hash again.
///
/// It holds for the exact file: same path, device, inode, size and time of change.
struct VerificationStamp: Codable, Hashable {
    let path: String
    let status: FileStatus
    let checksum: String

    /// The stamp that a file would have now; nil if there is no such file.
    init?(of path: String, as pinned: PinnedFile) {
        guard let status = FileStatus(regularFile: path) else { return nil }
        self.path = path
        self.status = status
        checksum = pinned.checksum.description
    }

    /// Whether this very stamp is kept in `folder`.
    func isKept(in folder: String) -> Bool {
        guard let data = FileManager.default.contents(atPath: folder + "/" + fileName) else { return false }
        return (try? JSONDecoder().decode(Self.self, from: data)) == self
    }

    /// Keeps the stamp in `folder`.
    func keep(in folder: String) throws {
        let data = try JSONEncoder().encode(self)
        try withFileErrors(as: DatasetError.init(_:)) {
            try AtomicFile.write(Array(data), to: folder + "/" + fileName)
        }
    }

    private var fileName: String {
        "verified-\(hexadecimal(SHA256.hash(data: Data(path.utf8)).prefix(16))).json"
    }
}
