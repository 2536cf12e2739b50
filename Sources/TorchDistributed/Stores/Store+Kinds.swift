import CTorch
import Foundation
import HostNetwork

extension Store {
    /// The time limit of a store that was given none: c10d's 5 minutes.
    public static let defaultTimeout = Duration.seconds(300)

    /// A store that one rank serves over TCP (PyTorch's `TCPStore`).
    ///
    /// - Parameters:
    ///   - host: where the server is; on the server itself its own address, of which any will do.
    ///   - port: the server's port; 0 on the server for any free one, see ``port``.
    ///   - isServer: whether this process serves it. The store ends with this process.
    ///   - worldSize: how many processes the server waits for; nil to wait for none.
    ///   - timeout: how long to wait for the server and, later, for keys.
    /// - Throws: ``DistributedError`` when the server cannot be reached, or when the port is taken, with the process that
    ///   has it.
    public static func tcp(
        host: String, port: Int, isServer: Bool, worldSize: Int? = nil, timeout: Duration = defaultTimeout
    ) throws -> Store {
        try tcp(
            Endpoint(host: host, port: port), isServer: isServer, isAgents: false, worldSize: worldSize,
            waitsForWorkers: worldSize != nil, waiting: nil, timeout: timeout)
    }

    /// - Parameters:
    ///   - isAgents: whether something serves it that starts ranks.
    ///   - waitsForWorkers: whether this process counts as one, and the server waits for all.
    ///   - waiting: who waits for the server, in messages about that; nil for none.
    static func tcp(
        _ endpoint: Endpoint, isServer: Bool, isAgents: Bool, worldSize: Int?, waitsForWorkers: Bool, waiting: String?,
        timeout: Duration
    ) throws -> Store {
        guard (0...65535).contains(endpoint.port) else {
            throw DistributedError(.invalidArgument, "port \(endpoint.port): a TCP port is between 0 and 65535")
        }
        let deadline = ContinuousClock.now.advanced(by: timeout)
        if !isServer {
            do { try StoreSearch(endpoint: endpoint, waiting: waiting, timeout: timeout).wait() } catch {
                throw unreachable("\(error)", .timedOut, endpoint)
            }
        }
        let options = ct_tcp_store_options(
            port: Int32(endpoint.port), is_server: isServer, world_size: Int32(worldSize ?? 0),
            waits_for_workers: waitsForWorkers,
            timeout_ms: isServer
                ? timeout.milliseconds : max(1000, ContinuousClock.now.duration(to: deadline).milliseconds))
        guard let handle = ct_store_tcp(endpoint.host, options) else {
            let error = DistributedError.last(isServer ? "serving the store" : "connecting to the store")
            if isServer { throw notServed(error, endpoint) }
            throw unreachable(error.message, error.code, endpoint)
        }
        let port = Int(ct_store_port(handle))
        let server = StoreServer(
            endpoint: Endpoint(host: endpoint.host, port: port), isOwn: isServer, isAgents: isAgents)
        return Store(owning: handle, timeout: timeout, server: server)
    }

    private static func unreachable(
        _ words: String, _ code: DistributedError.Code, _ endpoint: Endpoint
    ) -> DistributedError {
        DistributedError(
            code == .failed ? .storeFailed : code,
            "\(words)\n  The store of this job is at \(endpoint); rank 0 serves it: check that it runs, and that address and "
                + "port are its own.")
    }

    private static func notServed(_ error: DistributedError, _ endpoint: Endpoint) -> DistributedError {
        guard error.message.contains("EADDRINUSE") || error.message.contains("in use") else {
            return DistributedError(
                error.code == .failed ? .storeFailed : error.code,
                "\(error.message)\n  The store of this job is at \(endpoint), and this process serves it: check that the "
                    + "address is its own.")
        }
        let holder = PortHolder.of(listening: endpoint.port).map { "pid \($0.pid) (\($0.name))" }
        return DistributedError(
            .storeFailed,
            "port \(endpoint.port) is used by \(holder ?? "another process, whose number only its user sees"), so rank 0 cannot "
                + "serve the store at \(endpoint). Take another port, the same on all ranks, or end that process.")
    }

    /// A store in a file that all ranks see (PyTorch's `FileStore`).
    ///
    /// - Parameters:
    ///   - path: the file; it is created, and must not be left from an earlier job.
    ///   - worldSize: how many processes use it; the last one removes the file. Nil: nobody does.
    ///   - timeout: how long to wait for keys.
    /// - Throws: ``DistributedError`` when the file cannot be written.
    public static func file(_ path: String, worldSize: Int? = nil, timeout: Duration = defaultTimeout) throws -> Store {
        guard let handle = ct_store_file(path, Int32(worldSize ?? -1)) else {
            throw DistributedError.last("opening the store \(path)")
        }
        return Store(owning: handle, timeout: timeout)
    }

    /// A store for ranks that are threads of one process (PyTorch's `HashStore`).
    public static func inProcess(timeout: Duration = defaultTimeout) throws -> Store {
        guard let handle = ct_store_in_process() else { throw DistributedError.last("creating a store") }
        return Store(owning: handle, timeout: timeout)
    }

    /// The part of this store whose keys begin with `prefix` and a slash (PyTorch's `PrefixStore`).
    public func prefixed(_ prefix: String) throws -> Store {
        guard let prefixed = ct_store_prefixed(handle, prefix) else {
            throw DistributedError.last("prefixing a store")
        }
        return Store(owning: prefixed, timeout: timeout, server: server)
    }

    /// The same keys over a connection of its own, so that one that waits does not hold up another.
    public func clone() throws -> Store {
        guard let copy = ct_store_clone(handle) else { throw DistributedError.last("cloning a store") }
        return Store(owning: copy, timeout: timeout, server: server)
    }

    /// The port of a store over TCP; nil for others.
    public var port: Int? {
        let port = ct_store_port(handle)
        return port > 0 ? Int(port) : nil
    }
}
