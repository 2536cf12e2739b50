import Testing

@testable import TrainingBoard

@Suite("Who may see the board")
struct BoardAccessTests {
    private func asked(
        _ path: String = "/api/runs", host: String? = "localhost:6070", method: String = "GET", site: String? = nil,
        cookies: String = "", token: String? = nil
    ) -> BoardAccess.Asked {
        .init(method: method, path: path, host: host, site: site, cookies: cookies, token: token)
    }

    @Test(
        "on this machine alone only its own names are answered",
        arguments: [
            ("localhost:6070", true), ("127.0.0.1:6070", true), ("127.1.2.3:6070", true), ("[::1]:6070", true),
            ("localhost", false), ("localhost:80", false), ("evil.example:6070", false),
            ("127.0.0.1.evil.example:6070", false),
            ("127.0.0.1:60700", false), ("", false), ("::1:6070", false), ("localhost.:6070", false),
            ("10.0.0.1:6070", false),
        ])
    func hosts(host: String, isAllowed: Bool) {
        let access = BoardAccess(token: nil, isLoopback: true)
        #expect(access.verdict(asked(host: host), port: 6070) == (isAllowed ? .allowed : .wrongHost))
        #expect(access.verdict(asked(host: nil), port: 6070) == .wrongHost)
    }

    @Test(
        "only reading is answered, and no page of another site",
        arguments: ["POST", "PUT", "DELETE", "OPTIONS", "get", ""])
    func reading(method: String) {
        let access = BoardAccess(token: nil, isLoopback: true)
        #expect(access.verdict(asked(method: method), port: 6070) == .notReading)
        #expect(access.verdict(asked(method: "HEAD"), port: 6070) == .allowed)
        #expect(access.verdict(asked(site: "cross-site"), port: 6070) == .wrongHost)
        #expect(access.verdict(asked("/", site: "cross-site"), port: 6070) == .allowed)
        #expect(access.verdict(asked(site: "same-origin"), port: 6070) == .allowed)
    }

    @Test("a token is asked for, in the address or as a cookie of this port")
    func tokens() {
        let access = BoardAccess(token: "0123456789abcdef", isLoopback: false)
        let host = "gpu-1:6070"
        #expect(access.verdict(asked(host: host), port: 6070) == .noToken)
        #expect(access.verdict(asked(host: host, token: "0123456789abcdeF"), port: 6070) == .noToken)
        #expect(access.verdict(asked(host: host, token: "0123456789abcdef"), port: 6070) == .allowed)
        #expect(access.verdict(asked("/", host: host, token: "0123456789abcdef"), port: 6070) == .keepToken)
        let cookie = "other=1; lockstep-board-6070=0123456789abcdef"
        #expect(access.verdict(asked(host: host, cookies: cookie), port: 6070) == .allowed)
        #expect(access.verdict(asked(host: host, cookies: cookie), port: 6071) == .noToken)
        #expect(access.verdict(asked(host: host, cookies: cookie + "x"), port: 6070) == .noToken)
    }

    @Test(
        "texts are equal where every byte is",
        arguments: [
            ("", "abc", false), ("abc", "abc", true), ("abd", "abc", false), ("abcd", "abc", false),
            ("ab", "abc", false),
        ])
    func equality(one: String, other: String, isEqual: Bool) {
        #expect(BoardAccess.equal(one, other) == isEqual)
    }

    @Test("a random token is long, plain and new each time")
    func random() throws {
        let tokens = Set((0..<50).map { _ in BoardAccess.randomToken() })
        #expect(tokens.count == 50)
        #expect(tokens.allSatisfy { $0.count == 32 && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } })
    }

    @Test(
        "a host is loopback only where nobody else can reach it",
        arguments: [
            ("127.0.0.1", true), ("localhost", true), ("::1", true), ("127.9.9.9", true), ("0.0.0.0", false),
            ("::", false),
            ("10.1.2.3", false), ("127.0.0.1.example", false), ("127.example", false), ("", false),
        ])
    func loopback(host: String, isLoopback: Bool) {
        #expect(BoardOptions(host: host).isLoopback == isLoopback)
    }

    @Test("options that cannot be are refused with what can")
    func options() throws {
        #expect(throws: BoardError.self) { try BoardServer(BoardOptions(port: 70_000)) }
        #expect(throws: BoardError.self) { try BoardServer(BoardOptions(token: "short")) }
        #expect(throws: BoardError.self) { try BoardServer(BoardOptions(token: "with a space and more")) }
        let error = #expect(throws: BoardError.self) { try BoardServer(BoardOptions(port: -1)) }
        #expect(error?.code == .invalidOption)
        #expect(error?.message.contains("0 for any free one") == true)
    }

    @Test("queries are taken apart, and what is no text is left out")
    func queries() {
        let query = BoardQuery("run=a%20b&run=c+d&width=12&bad=%ZZ&cut=%4&empty&x=%C3%A4&y=%FF&smoothing=0.5")
        #expect(query.all("run") == ["a b", "c d"])
        #expect(query.whole("width") == 12)
        #expect(query["bad"] == nil && query["cut"] == nil && query["y"] == nil)
        #expect(query["empty"]?.isEmpty == true)
        #expect(query["x"] == "ä")
        #expect(query.number("smoothing") == 0.5)
        #expect(BoardQuery(nil) == BoardQuery(""))
    }
}
