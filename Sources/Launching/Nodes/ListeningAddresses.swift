import HostNetwork

/// The addresses on which node 0's launcher serves the store.
struct ListeningAddresses: Sendable, Hashable {
    let addresses: [IPAddress]
    /// Something that people should know about them.
    var note: String?

    static let any = [IPAddress("::"), IPAddress("0.0.0.0")].compactMap(\.self)

    /// Decides for a rendezvous that the user has named.
    ///
    /// The store is bound to what the host means on this machine. A name that only means this machine to itself, as
    /// where `/etc/hosts` has it at 127.0.1.1, is of no use to other machines, which look it up by themselves: then the
    /// store listens everywhere.
    ///
    /// - Parameters:
    ///   - host: as it was written.
    ///   - resolved: what it means here.
    ///   - own: this machine's addresses.
    /// - Throws: ``LaunchError`` with `addressUnavailable` where none of them is this machine's.
    init(for host: String, resolved: [IPAddress], own: [IPAddress]) throws {
        if let unspecified = resolved.first(where: \.isUnspecified) {
            addresses = [unspecified]
            return
        }
        let mine = resolved.filter { own.contains($0) || $0.isLoopback }
        guard !mine.isEmpty else {
            let names = resolved.map(\.description)
            throw LaunchError(
                .addressUnavailable,
                "--rendezvous names \(host)\(names == [host] ? "" : " (\(names.joined(separator: ", ")))"), which is no "
                    + "address of this machine; it has \(own.map(\.description).joined(separator: ", ")). Node 0 serves the "
                    + "rendezvous: name one of its addresses on all machines; where others reach it by an address that it "
                    + "does not have itself, give it tcp://0.0.0.0 and the port.")
        }
        let reachable = mine.filter { !$0.isLoopback }
        let isLiteral = IPAddress(host) != nil || host == "localhost"
        if reachable.isEmpty, !isLiteral {
            addresses = Self.any
            note =
                "\(host) is \(mine.map(\.description).joined(separator: ", ")) on this machine, which no other can reach: "
                + "the rendezvous listens on all addresses"
        } else {
            addresses = reachable.isEmpty ? mine : reachable
        }
    }
}
