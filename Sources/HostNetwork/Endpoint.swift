/// A host and a TCP port on it.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A name, or a numeric address without brackets.
    package let host: String
    /// From 0 to 65535; 0 leaves the choice to the system.
    package let port: Int

    /// The port `port` on `host`, unchecked.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `tcp://10.0.0.1:23456`, `node0:23456` or `[::1]:23456`.
    ///
    /// - Throws: ``NetworkError`` with `invalidAddress`, which says what is wrong.
    package init(parsing text: String) throws {
        let rest = try Self.withoutScheme(text)
        let (host, port) = try Self.split(rest, of: text)
        self.init(host: try Self.checked(host, of: text), port: try Self.number(port, of: text))
    }

    /// `10.0.0.1:23456` or `[::1]:23456`.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The endpoint as PyTorch's `init_method` takes it: `tcp://10.0.0.1:23456`.
    package var url: String { "tcp://\(self)" }

    private static func withoutScheme(_ text: String) throws -> Substring {
        guard let mark = text.firstRange(of: "://") else { return text[...] }
        let scheme = text[..<mark.lowerBound]
        guard scheme.lowercased() == "tcp" else {
            throw invalid(text, "the scheme is \(scheme)://, and tcp:// is the one that there is")
        }
        return text[mark.upperBound...]
    }

    private static func split(_ rest: Substring, of text: String) throws -> (host: Substring, port: Substring) {
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { throw invalid(text, "the bracket [ is not closed") }
            let host = rest[rest.index(after: rest.startIndex)..<end]
            let after = rest[rest.index(after: end)...]
            guard after.first == ":" else { throw invalid(text, noPort) }
            guard IPAddress(String(host))?.family == .v6 else {
                throw invalid(text, "\(host) in brackets is no IPv6 address of this machine's")
            }
            return (host, after.dropFirst())
        }
        let colons = rest.count { $0 == ":" }
        guard colons > 0, let colon = rest.lastIndex(of: ":") else { throw invalid(text, noPort) }
        guard colons == 1 else {
            throw invalid(
                text, "an IPv6 address stands in brackets before the port",
                example: IPAddress(String(rest)) == nil
                    ? "[\(rest[..<colon])]\(rest[colon...])" : "[\(rest)]:23456")
        }
        return (rest[..<colon], rest[rest.index(after: colon)...])
    }

    private static let noPort = "the port is missing"

    private static func checked(_ host: Substring, of text: String) throws -> String {
        guard !host.isEmpty else { throw invalid(text, "the host is missing") }
        let name = String(host)
        if host.contains(":") { return name }
        if let character = host.first(where: { !($0.isLetter || $0.isNumber || "-._".contains($0)) }) {
            throw invalid(text, "a host's name has no \"\(character)\"")
        }
        if host.allSatisfy({ $0.isNumber || $0 == "." }), IPAddress(name) == nil {
            throw invalid(text, "\(name) is no IPv4 address: that has four numbers from 0 to 255")
        }
        return name
    }

    private static func number(_ port: Substring, of text: String) throws -> Int {
        guard !port.isEmpty else { throw invalid(text, noPort) }
        guard port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw invalid(text, "the port \"\(port)\" is not a number")
        }
        guard let number = Int(port), number <= 65535 else {
            throw invalid(text, "the port \(port) is out of range: ports go from 0 to 65535")
        }
        return number
    }

    private static func invalid(
        _ text: String, _ problem: String, example: String = "tcp://10.0.0.1:23456",
        file: StaticString = #fileID, line: UInt = #line
    ) -> NetworkError {
        NetworkError(
            .invalidAddress, "\"\(text)\" is no host and port: \(problem). Write it as \(example).", file: file,
            line: line)
    }
}
