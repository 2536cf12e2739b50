import NIOCore

/// Finds out whether a new connection is a rank's or a launcher's, by its first bytes, and steps aside.
final class StoreGreetingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let sessions: StoreSessions
    private let heartbeat: NodeConnection.Heartbeat
    private let timeLimit: TimeAmount
    private var bytes = ByteBuffer()
    private var isDecided = false
    private var timer: Scheduled<Void>?

    /// - Parameter timeLimit: how long a connection may say nothing at first.
    init(_ sessions: StoreSessions, heartbeat: NodeConnection.Heartbeat, timeLimit: TimeAmount = .seconds(30)) {
        self.sessions = sessions
        self.heartbeat = heartbeat
        self.timeLimit = timeLimit
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        sessions.open(channel)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeLimit) { [sessions] in
            sessions.refuse(channel, "it has not said what it is")
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        sessions.forget(stranger: context.channel)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Channels close by themselves after an error; those who know what it means come behind.
        if isDecided { context.fireErrorCaught(error) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDecided else {
            context.fireChannelRead(data)
            return
        }
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        guard let first = bytes.readableBytesView.first else { return }
        if first == StoreRequest.Kind.validate.rawValue {
            let client = sessions.admit(context.channel)
            decide(context, next: StoreClientHandler(sessions, client))
            return
        }
        let greeting = NodeConnection.greeting
        guard bytes.readableBytesView.starts(with: greeting.prefix(bytes.readableBytes)) else {
            decide(context, next: nil)
            sessions.refuse(context.channel, "it is neither a rank's nor a launcher's")
            return
        }
        guard bytes.readableBytes >= greeting.count else { return }
        bytes.moveReaderIndex(forwardBy: greeting.count)
        let handler = NodeConnectionHandler(heartbeat: heartbeat, greeted: nil)
        let connection = NodeConnection(context.channel, handler)
        context.writeAndFlush(NIOAny(ByteBuffer(bytes: greeting)), promise: nil)
        sessions.handOver(connection, context.channel)
        decide(context, next: handler)
    }

    /// Steps aside for the handler that is to have all bytes; without one they are lost.
    private func decide(_ context: ChannelHandlerContext, next: (any ChannelHandler)?) {
        isDecided = true
        timer?.cancel()
        let rest = bytes
        bytes = ByteBuffer()
        guard let next else { return }
        do {
            try context.pipeline.syncOperations.addHandler(next)
            if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
        } catch {
            // The connection has ended meanwhile.
            context.close(promise: nil)
        }
    }
}
