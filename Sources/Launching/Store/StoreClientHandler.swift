import NIOCore

/// Answers the requests of one rank's connection.
final class StoreClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let sessions: StoreSessions
    private let client: StoreKeys.Client
    private var decoder = StoreRequestDecoder()

    init(_ sessions: StoreSessions, _ client: StoreKeys.Client) {
        self.sessions = sessions
        self.client = client
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        decoder.append(unwrapInboundIn(data))
        do {
            while let request = try decoder.next() {
                guard try sessions.handle(request, from: client) else { return }
            }
        } catch {
            sessions.forget(client)
            sessions.refuse(context.channel, "\(error)")
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        sessions.forget(client)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A rank that dies takes its connection with it, which is no error of the store's.
        context.close(promise: nil)
    }
}
