import Glibc

/// The names of hosts.
package enum HostName {
    /// The addresses that the system knows for a host's name or numeric address, each once, in the system's order.
    ///
    /// May wait for a name server, some seconds where it is silent.
    ///
    /// - Throws: ``NetworkError`` with `unknownHost` where there is none.
    package static func addresses(of name: String) throws -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &list)
        let number = errno
        guard status == 0 else {
            let words = status == EAI_SYSTEM ? String(cString: strerror(number)) : String(cString: gai_strerror(status))
            throw NetworkError(
                .unknownHost,
                "no address is known for the host \(name.isEmpty ? "\"\"" : name): \(words). Check the spelling, "
                    + "/etc/hosts and the name server, or give the numeric address.")
        }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let socketAddress = entry.ai_addr, let address = IPAddress(UnsafePointer(socketAddress)),
                !addresses.contains(address)
            else { continue }
            addresses.append(address)
        }
        return addresses
    }

    /// This machine's own name; `localhost` where it has none.
    package static var own: String {
        var name = [CChar](repeating: 0, count: 256)
        let status = gethostname(&name, name.count - 1)
        let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return status == 0 && !text.isEmpty ? text : "localhost"
    }
}
