import CTorch
import Foundation

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
    ///   - listening: a socket that is bound already, which the server takes over.
    ///   - timeout: how long to wait for the server and, later, for keys.
    /// - Throws: ``DistributedError`` when the server cannot be reached or the port is taken.
    public static func tcp(
        host: String, port: Int, isServer: Bool, worldSize: Int? = nil, listening: Int32? = nil,
        timeout: Duration = defaultTimeout
    ) throws -> Store {
        guard (0...65535).contains(port) else {
            throw DistributedError(.invalidArgument, "port \(port): a TCP port is between 0 and 65535")
        }
        let options = ct_tcp_store_options(
            port: Int32(port), is_server: isServer, world_size: Int32(worldSize ?? 0),
            waits_for_workers: worldSize != nil, listening_fd: listening ?? -1, timeout_ms: timeout.milliseconds)
        guard let handle = ct_store_tcp(host, options) else {
            let error = DistributedError.last(isServer ? "serving the store" : "connecting to the store")
            throw DistributedError(
                error.code == .failed ? .storeFailed : error.code,
                "\(error.message)\n  The store of this job is at \(host):\(port)"
                    + (isServer
                        ? ", and this process serves it; the port may be in use by another job."
                        : "; rank 0 serves it: check that it runs, and that address and port are its own."))
        }
        return Store(owning: handle, timeout: timeout)
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
        return Store(owning: prefixed, timeout: timeout)
    }

    /// The same keys over a connection of its own, so that one that waits does not hold up another.
    public func clone() throws -> Store {
        guard let copy = ct_store_clone(handle) else { throw DistributedError.last("cloning a store") }
        return Store(owning: copy, timeout: timeout)
    }

    /// The port of a store over TCP; nil for others.
    public var port: Int? {
        let port = ct_store_port(handle)
        return port > 0 ? Int(port) : nil
    }
}
