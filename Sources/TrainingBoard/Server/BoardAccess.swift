/// Who may see the board.
struct BoardAccess: Sendable {
    /// What is made of a request.
    enum Verdict: Sendable, Equatable {
        case allowed
        /// The token came with the address; the browser is to keep it and ask again without it.
        case keepToken
        /// Another method than reading.
        case notReading
        /// Another site's page, or another name for this machine: it may be a trick to read what is here.
        case wrongHost
        /// No token, or a wrong one.
        case noToken
    }

    /// The part of a request that matters here.
    struct Asked: Sendable {
        var method = "GET"
        var path = "/"
        /// The host that the request names, with its port.
        var host: String?
        /// What the browser says of where the request comes from.
        var site: String?
        var cookies = ""
        var token: String?
    }

    /// What has to be shown; nil where nothing has.
    let token: String?
    /// Whether only this machine can ask.
    let isLoopback: Bool

    /// Judges a request.
    ///
    /// - Parameter port: The port that is served.
    func verdict(_ asked: Asked, port: Int) -> Verdict {
        guard asked.method == "GET" || asked.method == "HEAD" else { return .notReading }
        if isLoopback, !Self.isLoopback(asked.host, port: port) { return .wrongHost }
        if asked.site == "cross-site", asked.path != "/" { return .wrongHost }
        guard let token else { return .allowed }
        if let shown = asked.token {
            guard Self.equal(shown, token) else { return .noToken }
            return asked.path == "/" ? .keepToken : .allowed
        }
        return Self.cookies(asked.cookies, Self.cookieName(port)).contains { Self.equal($0, token) }
            ? .allowed : .noToken
    }

    /// The cookie's name; cookies of one host are shared by all its ports.
    static func cookieName(_ port: Int) -> String { "lockstep-board-\(port)" }

    /// Whether the host that a request names is this machine by a name that nobody else can give it.
    static func isLoopback(_ host: String?, port: Int) -> Bool {
        guard let host else { return false }
        let name = host.hasSuffix(":\(port)") ? String(host.dropLast(":\(port)".count)) : port == 80 ? host : ""
        return name == "[::1]" || !name.contains("::") && BoardOptions(folder: "", host: name).isLoopback
    }

    private static func cookies(_ header: String, _ name: String) -> [String] {
        header.split(separator: ";").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].trimmingPrefix(while: \.isWhitespace) == name else { return nil }
            return String(parts[1])
        }
    }

    /// Compares in a time that does not depend on where two texts differ.
    static func equal(_ shown: String, _ expected: String) -> Bool {
        let (shown, expected) = (Array(shown.utf8), Array(expected.utf8))
        var difference = UInt8(shown.count == expected.count ? 0 : 1)
        for index in expected.indices { difference |= expected[index] ^ (index < shown.count ? shown[index] : 0) }
        return difference == 0
    }

    /// A token made up at random: 160 bits.
    static func randomToken() -> String {
        var generator = SystemRandomNumberGenerator()
        let letters = Array("abcdefghijklmnopqrstuvwxyz234567")
        return String((0..<32).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] })
    }
}
