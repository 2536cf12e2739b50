import HostNetwork
import NIOCore

/// The connections to the store, and its keys; used on the network thread alone.
final class StoreSessions {
    private var keys = StoreKeys()
    /// The connections of ranks; one that is not here any more changes nothing, whatever still comes of it.
    private var clients: [StoreKeys.Client: any Channel] = [:]
    /// The connections that have not said yet what they are.
    private var strangers: [ObjectIdentifier: any Channel] = [:]
    private var lastClient = 0

    private let onNode: @Sendable (NodeConnection) -> Void
    private let onRefusal: @Sendable (String) -> Void

    init(
        onNode: @escaping @Sendable (NodeConnection) -> Void, onRefusal: @escaping @Sendable (_ reason: String) -> Void
    ) {
        self.onNode = onNode
        self.onRefusal = onRefusal
    }

    var clientCount: Int { clients.count }

    func open(_ stranger: any Channel) { strangers[ObjectIdentifier(stranger)] = stranger }

    /// Takes a connection for a rank's.
    func admit(_ channel: any Channel) -> StoreKeys.Client {
        forget(stranger: channel)
        lastClient += 1
        clients[lastClient] = channel
        return lastClient
    }

    /// Hands a connection over that is a launcher's.
    func handOver(_ connection: NodeConnection, _ channel: any Channel) {
        forget(stranger: channel)
        onNode(connection)
    }

    func forget(stranger: any Channel) { strangers[ObjectIdentifier(stranger)] = nil }

    func forget(_ client: StoreKeys.Client) {
        guard clients.removeValue(forKey: client) != nil else { return }
        deliver(keys.forget(client))
    }

    /// Answers a rank's request; false where its connection counts no more.
    func handle(_ request: StoreRequest, from client: StoreKeys.Client) throws -> Bool {
        guard clients[client] != nil else { return false }
        deliver(try keys.handle(request, from: client))
        return true
    }

    /// Closes a connection that is of no use.
    func refuse(_ channel: any Channel, _ reason: String) {
        let address = channel.remoteAddress.map(Self.text) ?? "an unknown address"
        channel.close(promise: nil)
        onRefusal("a connection from \(address) to the store was closed: \(reason)")
    }

    /// Forgets all keys, and closes all connections but those of launchers.
    func reset() {
        let channels = Array(clients.values) + strangers.values
        (clients, strangers, keys) = ([:], [:], StoreKeys())
        for channel in channels { channel.close(promise: nil) }
    }

    private func deliver(_ deliveries: [StoreKeys.Delivery]) {
        for delivery in deliveries {
            clients[delivery.client]?.writeAndFlush(delivery.reply.bytes, promise: nil)
        }
    }

    private static func text(_ address: SocketAddress) -> String {
        let numeric = address.withSockAddr { pointer, _ in IPAddress(pointer) }
        return numeric.map { "\($0.bracketed):\(address.port ?? 0)" } ?? "\(address)"
    }
}
