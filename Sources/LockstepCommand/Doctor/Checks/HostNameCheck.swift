import HostNetwork

/// The name of this machine, and the addresses that it leads to.
struct HostNameCheck: DoctorCheck {
    let name = "host"

    /// How long the name servers may take.
    var limit: Duration = .seconds(5)
    /// The name to look up.
    var host = HostName.own
    /// Looks a name up, and may wait for a name server.
    var addresses: @Sendable (String) throws -> [IPAddress] = { try HostName.addresses(of: $0) }

    private static let independence =
        "--rendezvous does not need this: each machine tells the others the address from which it reaches the "
        + "rendezvous. For other launchers, give this machine's name an address that others can reach in /etc/hosts."

    func findings() async throws -> [Finding] {
        let (host, addresses) = (host, addresses)
        let answer = await result(within: limit) { Result { try addresses(host) } }
        guard let answer else {
            return [
                finding(
                    .warning, "\(host): the name servers did not answer within \(limit.components.seconds) s",
                    next: "Check /etc/resolv.conf, or name this machine in /etc/hosts. " + Self.independence,
                    ["name": "\(host)", "addresses": .null])
            ]
        }
        do {
            return [judged(try answer.get())]
        } catch let error as NetworkError {
            return [
                finding(
                    .warning, "\(host): \(error.message)", next: Self.independence,
                    ["name": "\(host)", "addresses": .list([])])
            ]
        }
    }

    private func judged(_ addresses: [IPAddress]) -> Finding {
        let texts = addresses.map(\.description)
        let message = "\(host) resolves to \(texts.joined(separator: ", "))"
        let values: [String: JSONValue] = ["name": "\(host)", "addresses": JSONValue(texts)]
        if addresses.allSatisfy(\.isLoopback) {
            return finding(
                .warning, message + " alone, which on another machine is that machine itself",
                next: Self.independence, values)
        }
        if addresses.allSatisfy({ $0.isLoopback || NetworkInterface.owning($0) == nil }) {
            return finding(
                .warning, message + ", which no interface of this machine has", next: Self.independence, values)
        }
        return finding(.ok, message, values)
    }
}
