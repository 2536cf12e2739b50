import Foundation

/// Packet filters of ``TestHosts``, with whichever command the machine has.
enum Firewall {
    private static let nft = ["/usr/sbin/nft", "/usr/bin/nft"].first(where: HostCommand.exists)
    private static let iptables = ["/usr/sbin/iptables", "/usr/bin/iptables"].first(where: HostCommand.exists)

    /// Whether there is a command; in CI there must be.
    static let isAvailable = nft != nil || iptables != nil || ProcessInfo.processInfo.environment["CI"] != nil
    /// What a test says that is skipped.
    static let requirement = "blocking ports needs the command nft (package nftables) or iptables"

    /// Lets connections from other hosts in at some TCP ports only.
    static func block(in host: TestHost, except ports: [Int], _ blocking: TestHost.Blocking) throws {
        let open = ports.map(String.init).joined(separator: ",")
        if let nft {
            let verdict = blocking == .refusing ? "reject with tcp reset" : "drop"
            let rules = """
                table inet test {
                  chain input {
                    type filter hook input priority 0; policy accept;
                    iifname != "lo" tcp flags & (syn | ack) == syn tcp dport != { \(open) } \(verdict)
                  }
                }
                """
            try host.run(["sh", "-c", "printf '%s\\n' '\(rules)' | \(nft) -f -"])
        } else if let iptables {
            let verdict = blocking == .refusing ? ["REJECT", "--reject-with", "tcp-reset"] : ["DROP"]
            for command in [iptables, iptables.replacingOccurrences(of: "iptables", with: "ip6tables")] {
                try host.run(
                    [
                        command, "-A", "INPUT", "!", "-i", "lo", "-p", "tcp", "--syn", "-m", "multiport", "!",
                        "--dports", open,
                    ]
                        + ["-j"] + verdict)
            }
        } else {
            throw HostCommandError(description: requirement)
        }
    }
}
