import Foundation

/// Which of this machine's addresses another machine is reached from.
enum LocalAddress {
    /// The numeric address that packets to a host would carry; nil where that says nothing, as for `0.0.0.0`.
    static func reaching(_ host: String, port: Int) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(max(1, port)), &hints, &found) == 0 else { return nil }
        defer { freeaddrinfo(found) }
        var next = found
        while let candidate = next {
            next = candidate.pointee.ai_next
            if let address = source(towards: candidate.pointee), address != "0.0.0.0", address != "::" {
                return address
            }
        }
        return nil
    }

    /// Connecting a datagram socket sends nothing, but makes the system choose its own address.
    private static func source(towards target: addrinfo) -> String? {
        guard !isUnspecified(target) else { return nil }
        let descriptor = socket(target.ai_family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard connect(descriptor, target.ai_addr, target.ai_addrlen) == 0 else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes in
            guard let base = bytes.bindMemory(to: sockaddr.self).baseAddress,
                getsockname(descriptor, base, &length) == 0
            else { return nil }
            return numeric(base, length)
        }
    }

    private static func isUnspecified(_ target: addrinfo) -> Bool {
        guard let address = target.ai_addr, let text = numeric(address, target.ai_addrlen) else { return true }
        return text == "0.0.0.0" || text == "::"
    }

    private static func numeric(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return nil
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
