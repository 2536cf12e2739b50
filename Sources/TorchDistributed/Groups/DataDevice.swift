import CTorch
import HostNetwork
import Torch

/// The listening socket through which the other ranks connect to this one, and the thread that reads.
final class DataDevice: Sendable {
    nonisolated(unsafe) let handle: ct_device
    /// Where it listens; nil where the system does not tell.
    let endpoint: Endpoint?

    /// - Parameters:
    ///   - address: a local address or host name; that of the host name if nil.
    ///   - ports: the ports to choose from; any if nil.
    init(address: String?, ports: ClosedRange<Int>?) throws {
        if let ports, !(1...65535).contains(ports.lowerBound) || ports.upperBound > 65535 {
            throw DistributedError(
                .invalidArgument, "port range \(ports.words): ports are between 1 and 65535")
        }
        guard let handle = ct_device_gloo(address, Int32(ports?.lowerBound ?? 0), Int32(ports?.upperBound ?? 0)) else {
            throw Self.error(address, ports)
        }
        self.handle = handle
        let (host, port) = (String(cString: ct_device_address(handle)), Int(ct_device_port(handle)))
        endpoint = port > 0 ? Endpoint(host: host, port: port) : nil
        if let ports, let endpoint, !ports.contains(endpoint.port) {
            throw DistributedError(
                .unavailableBackend,
                "the Gloo of this LibTorch takes no port range: it listens on \(endpoint.port) instead of \(ports.words). "
                    + "Leave the range out and set the system's own, net.ipv4.ip_local_port_range, where the ranks run."
            )
        }
    }

    deinit { ct_device_release(handle) }

    private static func error(_ address: String?, _ ports: ClosedRange<Int>?) -> DistributedError {
        let words = TorchError.last("opening a socket for data").message
        let place = address.map { " at \($0)" } ?? ""
        guard let ports else {
            return DistributedError(
                .failed,
                "\(words)\n  Data sockets\(place) need an address of this machine; GLOO_SOCKET_IFNAME names an interface."
            )
        }
        return DistributedError(
            .failed,
            "\(words)\n  No port of \(ports.words)\(place) is free. Each rank of a machine needs one for each group; "
                + "take a wider range, or look for what uses it: ss -tlnp")
    }
}

extension ClosedRange<Int> {
    /// `29600-29699`.
    var words: String { "\(lowerBound)-\(upperBound)" }
}
