import Foundation
import HostNetwork

/// How the ranks of a job find each other, in PyTorch's notation.
struct InitMethod {
    private enum Place {
        case tcp(Endpoint, isAgentStore: Bool, prefix: String?)
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
        guard text.hasPrefix("tcp://") else {
            throw DistributedError(
                .invalidInitMethod, "init method \(text): expected tcp://host:port, file:///path or env://")
        }
        do {
            let endpoint = try Endpoint(parsing: text)
            self.init(
                rank: rank, worldSize: worldSize, place: .tcp(endpoint, isAgentStore: false, prefix: nil))
        } catch let error as NetworkError {
            throw DistributedError(.invalidInitMethod, "init method \(error.message)")
        }
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
            Endpoint(host: host, port: try number("MASTER_PORT")), isAgentStore: isAgentStore, prefix: prefix)
    }

    /// Opens the store, and waits there for all ranks unless an agent serves it, which has started them.
    ///
    /// - Throws: ``DistributedError`` with the ranks that have not come when `timeout` is over.
    func store(timeout: Duration) throws -> Store {
        switch place {
        case .file(let path): return try Store.file(path, worldSize: worldSize, timeout: timeout)
        case .tcp(let endpoint, let isAgentStore, let prefix):
            let deadline = ContinuousClock.now.advanced(by: timeout)
            let isServer = rank == 0 && !isAgentStore
            let store = try Store.tcp(
                endpoint, isServer: isServer, isAgents: isAgentStore, worldSize: worldSize, waitsForWorkers: !isServer,
                waiting: isAgentStore ? nil : "rank \(rank)", timeout: timeout)
            if !isAgentStore, worldSize > 1 {
                try StoreGathering(store: store, rank: rank, worldSize: worldSize, timeout: timeout).wait(
                    until: deadline)
            }
            return try prefix.map { try store.prefixed($0) } ?? store
        }
    }
}
