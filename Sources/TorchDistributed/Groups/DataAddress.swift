import Foundation
import HostNetwork

/// Which of this machine's addresses the other ranks are told to send data to.
struct DataAddress {
    /// Where the ranks meet; nil where no address tells anything.
    let server: StoreServer?
    let environment: [String: String]

    init(_ store: Store, environment: [String: String] = ProcessInfo.processInfo.environment) {
        server = store.server
        self.environment = environment
    }

    /// The address in numbers; nil to go by the host name.
    ///
    /// - Throws: ``DistributedError`` where `GLOO_SOCKET_IFNAME` names no interface that will do.
    func chosen() throws -> String? {
        try (ofNamedInterface() ?? server.flatMap(reached))?.description
    }

    // MARK: Named by the user

    private static let variable = "GLOO_SOCKET_IFNAME"

    /// An address of the first interface that PyTorch's variable names and this machine has.
    private func ofNamedInterface() throws -> IPAddress? {
        let names = (environment[Self.variable] ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard let first = names.first else { return nil }
        do {
            let all = try NetworkInterface.all()
            let interface = try names.lazy.compactMap { name in all.first { $0.name == name } }.first ?? .named(first)
            return try address(of: interface)
        } catch let error as NetworkError {
            throw DistributedError(
                .invalidArgument, "\(Self.variable)=\(environment[Self.variable] ?? ""): \(error.message)")
        }
    }

    /// The interface's address in the family with which the store is reached.
    private func address(of interface: NetworkInterface) throws -> IPAddress {
        let family = server?.localAddress?.family
        let candidates = interface.addresses.filter { family == nil || $0.family == family }
            .sorted { preference($0) < preference($1) }
        guard interface.isUp, let address = candidates.first else {
            let lack = interface.isUp ? "has no \(family.map { "\($0.words) " } ?? "")address" : "is down"
            let reason = family.map { ", and the ranks meet over \($0.words)" } ?? ""
            throw DistributedError(
                .invalidArgument,
                "\(Self.variable)=\(environment[Self.variable] ?? ""): \(interface.summary) \(lack)\(reason). Name another "
                    + "interface, or leave the variable out.")
        }
        return address
    }

    // MARK: Found out

    /// The address that reached the store, or at which the others did.
    private func reached(_ server: StoreServer) -> IPAddress? {
        let own = server.localAddress
        // Given in numbers, it is meant; a name may mean one thing here and another elsewhere.
        if let own, !own.isLoopback, !server.isOwn || IPAddress(server.endpoint.host) != nil { return own }
        let addresses = Connections.localAddresses(toPort: server.endpoint.port)
        // What others use, before what this process itself has used.
        let candidates = addresses.filter { !$0.isLoopback && $0 != own }.sorted { preference($0) < preference($1) }
        if let address = candidates.first { return withInterface(address) }
        // All are on this machine. Gloo connects within one family alone, so it is the others' that counts.
        if server.isOwn, let address = addresses.first(where: { $0.isLoopback && $0 != own }) { return address }
        return own ?? Self.firstOfMachine()
    }

    private static func firstOfMachine() -> IPAddress? {
        let interfaces = (try? NetworkInterface.all()) ?? []
        return interfaces.filter { $0.isUp && !$0.isLoopback }.flatMap(\.addresses).first { !$0.isLinkLocal }
    }

    /// The table of connections does not name the interface of a link-local address.
    private func withInterface(_ address: IPAddress) -> IPAddress {
        NetworkInterface.owning(address)?.addresses.first { $0.withoutScope == address } ?? address
    }

    /// Lower is better: addresses that count on one link alone come last.
    private func preference(_ address: IPAddress) -> Int {
        (address.isLinkLocal ? 2 : 0) + (address.family == .v4 ? 0 : 1)
    }
}

extension IPAddress.Family {
    /// `IPv4` or `IPv6`.
    var words: String { self == .v4 ? "IPv4" : "IPv6" }
}
