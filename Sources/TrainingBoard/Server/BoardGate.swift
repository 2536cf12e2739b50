import HTTPTypes
import Hummingbird

/// Lets those in who may see the board, and gives every answer the headers that keep a browser careful.
struct BoardGate: RouterMiddleware {
    let access: BoardAccess

    /// A longer path is none of this board's.
    private static let longestPath = 8192

    func handle(
        _ request: Request, context: BoardContext, next: (Request, BoardContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await answer(request, context, next)
        } catch let error as HTTPError {
            response = .problem(error.status, error.body ?? error.status.reasonPhrase)
        }
        for (name, value) in Self.headers where response.headers[name] == nil { response.headers[name] = value }
        return response
    }

    private func answer(
        _ request: Request, _ context: BoardContext, _ next: (Request, BoardContext) async throws -> Response
    ) async throws -> Response {
        let path = request.head.path ?? "/"
        guard path.utf8.count <= Self.longestPath else { return .problem(.uriTooLong, "The address is too long.") }
        let query = BoardQuery(request.uri.query)
        let port = context.port ?? 0
        let asked = BoardAccess.Asked(
            method: request.method.rawValue, path: request.uri.path, host: request.head.authority,
            site: request.headers[.secFetchSite],
            cookies: request.headers[values: .cookie].joined(separator: ";"), token: query["token"])
        switch access.verdict(asked, port: port) {
        case .allowed: return try await next(request, context)
        case .keepToken:
            let cookie = "\(BoardAccess.cookieName(port))=\(access.token ?? ""); Path=/; HttpOnly; SameSite=Lax"
            return Response(status: .seeOther, headers: [.location: "/", .setCookie: cookie])
        case .notReading:
            var response = Response.problem(.methodNotAllowed, "The board only answers GET and HEAD.")
            response.headers[.allow] = "GET, HEAD"
            return response
        case .wrongHost:
            return .problem(.forbidden, "The board of this machine is asked for under http://127.0.0.1:\(port)/ alone.")
        case .noToken:
            return .problem(
                .unauthorized, "This board needs its token: open the address that `lockstep board` printed.")
        }
    }

    private static let headers: [(HTTPField.Name, String)] = [
        (
            .contentSecurityPolicy,
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
        ),
        (.xContentTypeOptions, "nosniff"),
        (.referrerPolicy, "no-referrer"),
        (.crossOriginResourcePolicy, "same-origin"),
        (.cacheControl, "no-store"),
    ]
}

extension HTTPField.Name {
    static let secFetchSite = HTTPField.Name(known: "Sec-Fetch-Site")
    static let referrerPolicy = HTTPField.Name(known: "Referrer-Policy")
    static let lastEventID = HTTPField.Name(known: "Last-Event-ID")

    /// A name that is one.
    private init(known name: StaticString) {
        self = HTTPField.Name(name.description) ?? .accept
    }
}

extension Response {
    /// An answer that says what is wrong.
    static func problem(_ status: HTTPResponse.Status, _ message: String) -> Response {
        json(["error": .text(message)], status: status)
    }

    /// An answer in JSON.
    static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.bytes)))
    }
}
