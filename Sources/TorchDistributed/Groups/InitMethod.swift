import Foundation

/// How the ranks of a job find each other, in PyTorch's notation.
struct InitMethod {
    private enum Place {
        case tcp(host: String, port: Int, isAgentStore: Bool, prefix: String?, listening: Int32?)
        case file(String)
    }

    let rank: Int
    let worldSize: Int
    private let place: Place

    init(
        _ text: String, rank: Int?, worldSize: Int?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        if text == "env://" {
            self = try InitMethod(environment: environment, rank: rank, worldSize: worldSize)
            return
        }
        guard let rank, let worldSize else {
            throw DistributedError(
                .invalidInitMethod, "\(text): rank and world size must be given; only env:// finds them by itself")
        }
        if text.hasPrefix("file://"), text.count > 7 {
            self.init(rank: rank, worldSize: worldSize, place: .file(String(text.dropFirst(7))))
            return
        }
        guard text.hasPrefix("tcp://"), let address = Self.address(text.dropFirst(6)) else {
            throw DistributedError(
                .invalidInitMethod,
                "init method \(text): expected tcp://host:port, file:///path or env://; an IPv6 address stands in brackets"
            )
        }
        self.init(
            rank: rank, worldSize: worldSize,
            place: .tcp(host: address.host, port: address.port, isAgentStore: false, prefix: nil, listening: nil))
    }

    private init(rank: Int, worldSize: Int, place: Place) {
        self.rank = rank
        self.worldSize = worldSize
        self.place = place
    }

    private init(environment: [String: String], rank: Int?, worldSize: Int?) throws {
        func number(_ name: String) throws -> Int {
            guard let text = environment[name] else {
                throw DistributedError(
                    .invalidInitMethod,
                    "env://: the environment has no \(name). Start the program with --nproc, torchrun or the like, or name "
                        + "an init method such as tcp://host:port.")
            }
            guard let value = Int(text) else {
                throw DistributedError(.invalidInitMethod, "env://: \(name) is `\(text)`, which is no number")
            }
            return value
        }
        self.rank = try rank ?? number("RANK")
        self.worldSize = try worldSize ?? number("WORLD_SIZE")
        guard let host = environment["MASTER_ADDR"], !host.isEmpty else {
            throw DistributedError(.invalidInitMethod, "env://: the environment has no MASTER_ADDR")
        }
        let isAgentStore = environment["TORCHELASTIC_USE_AGENT_STORE"] == "True"
        // As PyTorch: each restart of an agent's ranks has keys of its own.
        let prefix = isAgentStore ? "/worker/attempt_\(environment["TORCHELASTIC_RESTART_COUNT"] ?? "0")" : nil
        place = .tcp(
            host: host, port: try number("MASTER_PORT"), isAgentStore: isAgentStore, prefix: prefix,
            listening: environment["LOCKSTEP_STORE_FD"].flatMap { Int32($0) })
    }

    /// Opens the store; the server's waits for all ranks.
    func store(timeout: Duration) throws -> Store {
        switch place {
        case .file(let path): return try Store.file(path, worldSize: worldSize, timeout: timeout)
        case .tcp(let host, let port, let isAgentStore, let prefix, let listening):
            let isServer = rank == 0 && !isAgentStore
            let store = try Store.tcp(
                host: host, port: port, isServer: isServer, worldSize: worldSize,
                listening: isServer ? listening : nil, timeout: timeout)
            return try prefix.map { try store.prefixed($0) } ?? store
        }
    }

    /// The address of this machine that reaches the store; nil where the host name has to tell.
    var localAddress: String? {
        switch place {
        case .file: nil
        case .tcp(let host, let port, _, _, _): LocalAddress.reaching(host, port: port)
        }
    }

    /// Host and port of `10.0.0.1:23456` or `[::1]:23456`.
    private static func address(_ text: Substring) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        return host.isEmpty ? nil : (String(host), port)
    }
}
