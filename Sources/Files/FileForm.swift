import Glibc

extension stat {
    /// Whether this is a file with contents of its own.
    var isRegular: Bool { st_mode & S_IFMT == S_IFREG }

    /// What it is if it is not regular, with an article.
    var nameOfOtherForm: String { st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device, pipe or socket" }
}
