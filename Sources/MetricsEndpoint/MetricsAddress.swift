import Tracking

/// Where metrics are served: an address of this machine and a port.
public struct MetricsAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or number of this machine.
    public let host: String

    /// The port; 0 for any free one.
    public let port: Int

    /// An address; that of the loopback interface, which only programs of this machine reach, where none is given.
    public init(host: String = "127.0.0.1", port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `9100`, `0.0.0.0:9100` or `[::1]:9100`.
    ///
    /// - Throws: `TrackingError` where the text is none of these.
    public init(_ text: String) throws {
        let colon = text.lastIndex(of: ":")
        var host = colon.map { String(text[..<$0]) } ?? ""
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw Self.unreadable(text)
        }
        guard let port = Int(colon.map { text[text.index(after: $0)...] } ?? text[...]), (0...65535).contains(port)
        else {
            throw Self.unreadable(text)
        }
        self.init(host: host.isEmpty ? "127.0.0.1" : host, port: port)
    }

    /// As it is written in a URL.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func unreadable(_ text: String) -> TrackingError {
        TrackingError(
            .addressUnreadable,
            "\"\(text)\" is no address to serve metrics at: give a port, such as 9100, or an address and a port, such as "
                + "0.0.0.0:9100 or [::1]:9100.")
    }
}
