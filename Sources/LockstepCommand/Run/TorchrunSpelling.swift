import ArgumentParser

/// torchrun's options in our own words.
///
/// torchrun writes them with dashes or underscores. Those that say nothing here (`--rdzv-id`, `--start-method`, …) are
/// left out; those that ask for something else than we do are refused.
struct TorchrunSpelling {
    /// The arguments in our spelling.
    let arguments: [String]

    private static let renamed = [
        "--nproc-per-node": "--nproc", "--node-rank": "--node-rank", "--nnodes": "--nnodes",
        "--max-restarts": "--max-restarts", "--log-dir": "--log-directory",
    ]
    /// Options with a value that has no meaning here.
    private static let ignored: Set<String> = [
        "--rdzv-id", "--rdzv-conf", "--monitor-interval", "--start-method", "--role", "--redirects", "--tee", "-r",
        "-t",
        "--local-ranks-filter", "--local-addr", "--event-log-handler", "--logs-specs", "--numa-binding",
    ]
    private static let flags: Set<String> = ["--module", "-m", "--no-python", "--help", "-h", "--version"]
    private static let ignoredFlags: Set<String> = ["--standalone", "--run-path"]

    /// Reads arguments up to the program's name, and leaves what follows as it is.
    ///
    /// - Throws: `ValidationError` where an option cannot be met.
    init(_ given: [String]) throws {
        var options: [String] = []
        var (host, port): (String?, String?)
        var rest = given[...]
        while let argument = rest.first, argument.hasPrefix("-"), argument != "--" {
            rest.removeFirst()
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0].hasPrefix("--") ? parts[0].replacing("_", with: "-") : parts[0]
            if Self.flags.contains(name) {
                options.append(name)
                continue
            }
            if Self.ignoredFlags.contains(name) { continue }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else {
                options.append(name)  // what is missing is said when the options are read
                break
            }
            switch name {
            case "--master-addr": host = value
            case "--master-port": port = value
            case "--rdzv-endpoint": (host, port) = Self.endpoint(value)
            case "--rdzv-backend":
                guard ["c10d", "static"].contains(value) else {
                    throw ValidationError(
                        "--rdzv-backend \(value): machines meet at node 0's launcher, as with c10d or static")
                }
            case "--nnodes": options += ["--nnodes", try Self.fixed(value)]
            case "--nproc-per-node": options += ["--nproc", value == "cpu" ? "auto" : value]
            case let name where Self.ignored.contains(name): break
            default: options += [Self.renamed[name] ?? name, value]
            }
        }
        if host != nil || port != nil {
            let host = host ?? "127.0.0.1"
            options += ["--rendezvous", "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port ?? "29500")"]
        }
        if !options.contains("--nproc"), !options.contains("--nnodes"), !rest.isEmpty { options += ["--nproc", "1"] }
        arguments = options + rest
    }

    /// `2`, or `2:2`; a job here has a fixed number of machines.
    private static func fixed(_ text: String) throws -> String {
        let ends = Set(text.split(separator: ":"))
        guard ends.count == 1, let only = ends.first else {
            throw ValidationError("--nnodes \(text): the number of machines is fixed; give one number")
        }
        return String(only)
    }

    /// Host and port of `host:port`, `[::1]:port` or a host alone, whose port is torchrun's then.
    private static func endpoint(_ text: String) -> (String, String) {
        let standard = "29400"
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let rest = text[text.index(after: end)...]
            return (
                String(text[text.index(after: text.startIndex)..<end]),
                rest.hasPrefix(":") ? String(rest.dropFirst()) : standard
            )
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        return parts.count == 2 ? (parts[0], parts[1]) : (text, standard)
    }
}
