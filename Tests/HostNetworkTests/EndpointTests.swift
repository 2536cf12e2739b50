import HostNetwork
import Testing

struct EndpointTests {
    @Test(arguments: [
        ("tcp://10.0.0.1:23456", "10.0.0.1", 23456, "10.0.0.1:23456"),
        ("TCP://10.0.0.1:23456", "10.0.0.1", 23456, "10.0.0.1:23456"),
        ("10.0.0.1:23456", "10.0.0.1", 23456, "10.0.0.1:23456"),
        ("node-0.cluster_a:1", "node-0.cluster_a", 1, "node-0.cluster_a:1"),
        ("tcp://host:0", "host", 0, "host:0"),
        ("[::1]:65535", "::1", 65535, "[::1]:65535"),
        ("tcp://[fe80::1%lo]:80", "fe80::1%lo", 80, "[fe80::1%lo]:80"),
        ("bücher:80", "bücher", 80, "bücher:80"),
    ])
    func `a host and its port are read and shown`(
        _ text: String, _ host: String, _ port: Int, _ shown: String
    ) throws {
        let endpoint = try Endpoint(parsing: text)
        #expect(endpoint == Endpoint(host: host, port: port))
        #expect(endpoint.description == shown)
        #expect(endpoint.url == "tcp://\(shown)")
        #expect(try Endpoint(parsing: endpoint.url) == endpoint)
    }

    @Test(arguments: [
        ("", "the port is missing"),
        ("10.0.0.1", "the port is missing"),
        ("10.0.0.1:", "the port is missing"),
        ("tcp://", "the port is missing"),
        ("[::1]", "the port is missing"),
        ("[::1]:", "the port is missing"),
        ("[::1]80", "the port is missing"),
        (":80", "the host is missing"),
        ("tcp://:80", "the host is missing"),
        ("host:65536", "the port 65536 is out of range: ports go from 0 to 65535"),
        ("host:99999999999999999999", "is out of range"),
        ("host:-1", "the port \"-1\" is not a number"),
        ("host:+1", "the port \"+1\" is not a number"),
        ("host:80/", "the port \"80/\" is not a number"),
        ("host:80?rank=0", "the port \"80?rank=0\" is not a number"),
        ("host:http", "the port \"http\" is not a number"),
        ("udp://host:80", "the scheme is udp://, and tcp:// is the one that there is"),
        ("env://", "the scheme is env://"),
        ("::1:80", "an IPv6 address stands in brackets before the port. Write it as [::1:80]:23456"),
        ("fe80::1:23456", "brackets before the port. Write it as [fe80::1]:23456"),
        ("tcp://::1", "Write it as [::1]:23456"),
        ("[::1:80", "the bracket [ is not closed"),
        ("[host]:80", "host in brackets is no IPv6 address"),
        ("[10.0.0.1]:80", "10.0.0.1 in brackets is no IPv6 address"),
        ("[fe80::1%there-is-none]:80", "is no IPv6 address of this machine's"),
        ("10.0.0.256:80", "10.0.0.256 is no IPv4 address"),
        ("10.0.0:80", "10.0.0 is no IPv4 address"),
        ("my host:80", "a host's name has no \" \""),
        ("user@host:80", "a host's name has no \"@\""),
    ])
    func `the error says what is wrong`(_ text: String, _ problem: String) throws {
        let error = try #require(throws: NetworkError.self) { try Endpoint(parsing: text) }
        #expect(error.code == .invalidAddress)
        #expect(error.message.hasPrefix("\"\(text)\" is no host and port: "))
        #expect(error.message.contains(problem))
    }
}
