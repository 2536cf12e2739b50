/// The TCP connections of this process's network namespace.
package enum Connections {
    /// The addresses of this machine at which others have reached a port of it, each once.
    ///
    /// These are the local addresses of the established connections whose local port is `port`. Link-local ones do not
    /// name their interface.
    package static func localAddresses(toPort port: Int) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for row in TCPTable.current.rows where row.port == port && row.state == .established {
            if !addresses.contains(row.address) { addresses.append(row.address) }
        }
        return addresses
    }
}
