public import ArgumentParser
import HostNetwork

/// The options that say which of several machines this is, and how they reach each other.
public struct NodeOptions: ParsableArguments, Sendable {
    /// How many machines take part; nil for this one alone.
    @Option(help: ArgumentHelp("Machines that take part, on each of which the program is started.", valueName: "n"))
    public var nnodes: Int?

    /// This machine's number among them.
    @Option(help: ArgumentHelp("This machine's number, from 0, with --nnodes.", valueName: "n"))
    public var nodeRank: Int?

    /// Where the machines meet.
    @Option(
        help: ArgumentHelp(
            "Where the machines meet: an address and a free port of node 0.", valueName: "tcp://host:port"))
    public var rendezvous: String?

    /// Seconds that machines wait for each other.
    @Option(help: "Seconds that machines wait for each other.")
    public var rendezvousTimeout = 300.0

    /// The network interface for data between ranks.
    @Option(
        help: ArgumentHelp(
            "The network interface for the ranks' data (default: the one that reaches node 0).", valueName: "name"))
    public var interface: String?

    /// The ports for data between ranks.
    @Option(
        help: ArgumentHelp(
            "Ports for the ranks' data, as a firewall between the machines may ask for (default: any).",
            valueName: "first-last"),
        transform: { try PortRange($0) })
    public var portRange: PortRange?

    /// The options before a command line has been read, and with their default values.
    public init() {}

    /// Refuses what cannot be meant.
    public func validate() throws {
        guard rendezvousTimeout > 0, rendezvousTimeout < 1e9 else {
            throw ValidationError("--rendezvous-timeout \(rendezvousTimeout): expected a number of seconds above 0")
        }
        _ = try place
    }

    /// Which of the job's machines this is; nil for a job on this machine alone.
    ///
    /// - Throws: `ValidationError` where the options do not say.
    public var place: NodePlace? {
        get throws {
            let count = nnodes ?? 1
            guard count >= 1 else { throw ValidationError("--nnodes \(count): a job has at least one machine") }
            if let nodeRank, !(0..<count).contains(nodeRank) {
                throw ValidationError(
                    "--node-rank \(nodeRank) with --nnodes \(count): machines are counted from 0 to \(count - 1)")
            }
            guard let rendezvous else {
                if count == 1 { return nil }
                throw ValidationError(
                    "--nnodes \(count) needs --rendezvous tcp://host:port, with an address and a free port of node 0, the same "
                        + "on all machines")
            }
            guard count == 1 || nodeRank != nil else {
                throw ValidationError(
                    "--nnodes \(count) needs --node-rank, a number of its own for each machine, from 0")
            }
            let endpoint: Endpoint
            do {
                endpoint = try Endpoint(parsing: rendezvous)
            } catch {
                throw ValidationError("--rendezvous \(rendezvous): \(error)")
            }
            if endpoint.port == 0, count > 1 {
                throw ValidationError("--rendezvous \(rendezvous): machines need a port that all know, not 0")
            }
            return NodePlace(
                node: nodeRank ?? 0, count: count, rendezvous: endpoint, timeout: .seconds(rendezvousTimeout))
        }
    }
}

extension NetworkInterface {
    /// The interface that `--interface` names.
    ///
    /// - Throws: ``LaunchError`` with `addressUnavailable`, which lists the interfaces there are.
    init(option name: String) throws {
        do {
            self = try NetworkInterface.named(name)
        } catch {
            throw LaunchError(.addressUnavailable, "--interface \(name): \(error)", cause: error)
        }
    }
}
