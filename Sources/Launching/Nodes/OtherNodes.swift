import Foundation
import RankProtocol

/// The launchers of the other machines, as node 0's sees them.
struct OtherNodes {
    /// What happens with them.
    enum Event {
        /// All have joined.
        case complete
        /// They have not all come in time, as a message says.
        case incomplete(String)
        case message(NodeMessage, node: Int)
        case lost(node: Int, reason: String)
    }

    let inbox: NodeInbox
    private var gathering: Gathering
    private var connections: [Int: NodeConnection] = [:]
    private var connectionCount = 0

    init(_ own: NodeDescription, timeout: Duration, inbox: NodeInbox) {
        self.inbox = inbox
        gathering = Gathering(own, timeout: timeout)
    }

    /// All machines, this one first.
    var descriptions: [NodeDescription] { gathering.descriptions }

    /// The address of this machine that one of the others has reached.
    var reachedAddress: String? {
        gathering.joined.sorted { $0.key < $1.key }.lazy.compactMap { connections[$0.value.connection]?.localAddress }
            .first
    }

    /// Starts to wait for those that are not there.
    mutating func gather() -> [Event] { perform(gathering.reopen()) }

    /// Time has passed since the gathering began.
    mutating func passed(_ duration: Duration) -> [Event] { perform(gathering.handle(.passed(duration))) }

    /// What has come since the last call.
    mutating func events() -> [Event] {
        inbox.take().flatMap { event -> [Event] in
            switch event {
            case .opened(let connection):
                connectionCount += 1
                connections[connectionCount] = connection
                return []
            case .line(let line, let connection): return take(line, from: connection)
            case .ended(let connection, let reason): return forget(connection, reason)
            case .unreachable: return []
            }
        }
    }

    func send(_ message: CoordinatorMessage, to node: Int) {
        guard let connection = gathering.joined[node]?.connection else { return }
        send(message, over: connection)
    }

    func broadcast(_ message: CoordinatorMessage) {
        for (connection, _) in gathering.joined.values { send(message, over: connection) }
    }

    /// Closes all connections, when what was sent has been written.
    func close() {
        for connection in connections.values { connection.beginClosing() }
        for connection in connections.values { connection.close() }
    }

    private func send(_ message: CoordinatorMessage, over connection: Int) {
        // What one sends is never longer than a line may be: reports are cut.
        guard let line = try? MessageFraming.line(for: message) else { return }
        connections[connection]?.send(line)
    }

    private func number(of connection: NodeConnection) -> Int? { connections.first { $0.value === connection }?.key }

    private func node(ofConnection number: Int) -> Int? {
        gathering.joined.first { $0.value.connection == number }?.key
    }

    private mutating func take(_ line: [UInt8], from connection: NodeConnection) -> [Event] {
        guard let number = number(of: connection) else { return [] }
        let message: NodeMessage
        do {
            message = try JSONDecoder().decode(NodeMessage.self, from: Data(line))
        } catch {
            let reason = "it speaks another version of this protocol: start the same program on all machines"
            send(.refused(reason), over: number)
            connection.close()
            return forget(connection, reason)
        }
        if case .join(let description) = message {
            return perform(gathering.handle(.joined(connection: number, description)))
        }
        return node(ofConnection: number).map { [.message(message, node: $0)] } ?? []
    }

    private mutating func forget(_ connection: NodeConnection, _ reason: String) -> [Event] {
        guard let number = number(of: connection) else { return [] }
        let node = node(ofConnection: number)
        let actions = gathering.handle(.left(connection: number))
        connections[number] = nil
        return (node.map { [.lost(node: $0, reason: reason)] } ?? []) + perform(actions)
    }

    private mutating func perform(_ actions: [Gathering.Action]) -> [Event] {
        actions.compactMap { action in
            switch action {
            case .refuse(let connection, let reason):
                StandardError.write(reason)
                send(.refused(reason), over: connection)
                connections[connection]?.close()
                connections[connection] = nil
                return nil
            case .say(let text):
                StandardError.write(text)
                broadcast(.note(text))
                return nil
            case .complete: return .complete
            case .fail(let message): return .incomplete(message)
            }
        }
    }
}
