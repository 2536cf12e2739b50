/// Mirrors in the order in which they are to be tried; one that failed goes to the end for the files after.
struct MirrorList: Sendable {
    private(set) var urls: [String]

    init(_ urls: [String]) {
        self.urls = urls.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
    }

    /// Puts a mirror behind all others.
    mutating func demote(_ url: String) {
        guard let index = urls.firstIndex(of: url) else { return }
        urls.append(urls.remove(at: index))
    }
}
