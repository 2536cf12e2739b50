/// The machines of a job on their way to each other: which have joined, and who is still awaited.
///
/// A pure state machine of node 0's launcher, which tells it what happens and does what it answers. Connections are
/// numbers here.
struct Gathering: Sendable {
    /// What happens.
    enum Event: Sendable, Hashable {
        case joined(connection: Int, NodeDescription)
        case left(connection: Int)
        /// Some time has passed since the gathering began.
        case passed(Duration)
    }

    /// What is to be done.
    enum Action: Sendable, Hashable {
        /// Tell a launcher that it cannot take part, and close its connection.
        case refuse(connection: Int, reason: String)
        /// Show people a line, on all machines.
        case say(String)
        /// All are there.
        case complete
        /// The time is over.
        case fail(String)
    }

    /// The time between two lines that say who is missing.
    static let reminderInterval = Duration.seconds(10)

    private let own: NodeDescription
    private let timeout: Duration
    /// The other machines, by their numbers.
    private(set) var joined: [Int: (connection: Int, description: NodeDescription)] = [:]
    private var nextReminder = reminderInterval
    private var isOver = false

    /// Begins to wait for all machines but this one, which is node 0.
    init(_ own: NodeDescription, timeout: Duration) {
        self.own = own
        self.timeout = timeout
    }

    /// Takes an event in, and returns what to do, in order.
    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .joined(let connection, let description):
            if let reason = refusal(of: description) { return [.refuse(connection: connection, reason: reason)] }
            joined[description.node] = (connection, description)
            return [notice(of: description)].compactMap(\.self) + completion()
        case .left(let connection):
            joined = joined.filter { $0.value.connection != connection }
            return []
        case .passed(let time): return isOver ? [] : passed(time)
        }
    }

    /// Starts to wait again, for those that have left since all were there.
    mutating func reopen() -> [Action] {
        isOver = false
        nextReminder = Self.reminderInterval
        return completion()
    }

    /// All machines, this one first.
    var descriptions: [NodeDescription] {
        [own] + joined.sorted { $0.key < $1.key }.map(\.value.description)
    }

    private mutating func completion() -> [Action] {
        guard !isOver, missing.isEmpty else { return [] }
        isOver = true
        return [.complete]
    }

    private var missing: [Int] { (1..<max(1, own.nodeCount)).filter { joined[$0] == nil } }

    private mutating func passed(_ time: Duration) -> [Action] {
        let state = "\(own.nodeCount - missing.count) of \(own.nodeCount) nodes have joined"
        if time >= timeout {
            isOver = true
            return [
                .fail(
                    "\(state) within \(timeout.components.seconds) s; missing: \(named(missing)). Check that the program "
                        + "was started there with the same --nnodes and --rendezvous and its own --node-rank, and that a "
                        + "firewall lets it reach this machine's port.")
            ]
        }
        guard time >= nextReminder else { return [] }
        while nextReminder <= time { nextReminder += Self.reminderInterval }
        return [.say("\(state); waiting for \(named(missing)) (\((timeout - time).components.seconds) s left)")]
    }

    private func named(_ nodes: [Int]) -> String {
        "\(nodes.count == 1 ? "node" : "nodes") \(nodes.map(String.init).joined(separator: ", "))"
    }

    private func refusal(of other: NodeDescription) -> String? {
        if other.nodeCount != own.nodeCount {
            return "\(other.name) was started with --nnodes \(other.nodeCount), and \(own.name) with --nnodes "
                + "\(own.nodeCount): give all the same"
        }
        if (other.target == nil) != (own.target == nil) {
            return "\(other.name) and \(own.name) do not run the same: one of them runs `lockstep doctor`"
        }
        guard (1..<own.nodeCount).contains(other.node) else {
            return "\(other.host) was started with --node-rank \(other.node), which is "
                + (other.node == 0 ? "\(own.name)'s: give each machine a number of its own" : "not below --nnodes")
        }
        if let first = joined[other.node]?.description {
            return "\(other.host) (pid \(other.pid)) was started with --node-rank \(other.node), as \(first.host) (pid "
                + "\(first.pid)) was: give each machine a number of its own"
        }
        return nil
    }

    /// Different arguments are seldom meant, but can be, as for folders.
    private func notice(of other: NodeDescription) -> Action? {
        guard other.arguments != own.arguments else { return nil }
        return .say(
            "\(other.name) was started with other arguments than \(own.name): "
                + "\(other.arguments.joined(separator: " ")) instead of \(own.arguments.joined(separator: " "))")
    }
}
