import HostNetwork

/// The network interfaces and their addresses.
struct InterfaceCheck: DoctorCheck {
    let name = "network"

    var interfaces: @Sendable () throws -> [NetworkInterface] = { try NetworkInterface.all() }

    func findings() async throws -> [Finding] {
        let interfaces = try interfaces()
        var findings = interfaces.map { interface in
            finding(
                .ok, interface.summary,
                [
                    "interface": "\(interface.name)", "addresses": JSONValue(interface.addresses.map(\.description)),
                    "isUp": .flag(interface.isUp), "isLoopback": .flag(interface.isLoopback),
                ])
        }
        let leadsOut = interfaces.contains { interface in
            interface.isUp && !interface.isLoopback && interface.addresses.contains { !$0.isLinkLocal }
        }
        if !leadsOut {
            findings.append(
                finding(
                    .warning, "no interface leads to other machines",
                    next: "This machine can train alone. To train with others, start it, or its container, with a "
                        + "network."))
        }
        return findings
    }
}
