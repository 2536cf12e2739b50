import Glibc
import NIOCore
import RankProtocol

/// One side of a connection between launchers, on the network thread.
final class NodeConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let lineEnd = UInt8(ascii: "\n")
    private static let tooLong = "it sent a line of more than \(MessageFraming.maximumLineLength) bytes"
    /// Into how many parts the time without a sign is divided, each of which is looked at.
    ///
    /// Parts are counted, not measured: the time in which this process was stopped is no silence of the other side.
    private static let silenceParts = 10

    private let heartbeat: NodeConnection.Heartbeat
    /// Told when the other side's greeting has come; nil where it came before.
    private var greeted: EventLoopPromise<Void>?
    private var context: ChannelHandlerContext?
    private var timers: [RepeatedTask] = []
    private var silentParts = 0

    private var bytes = ByteBuffer()
    /// Up to where there is no line end, from the reader's index on.
    private var scanned = 0

    private var listener: (@Sendable (NodeConnection.Event) -> Void)?
    /// What has come before anybody listened.
    private var early: [NodeConnection.Event] = []
    private var hasEnded = false
    private var isClosing = false

    init(heartbeat: NodeConnection.Heartbeat, greeted: EventLoopPromise<Void>?) {
        self.heartbeat = heartbeat
        self.greeted = greeted
    }

    // MARK: This side

    func start(_ listener: @escaping @Sendable (NodeConnection.Event) -> Void) {
        let early = early
        self.early = []
        if !hasEnded { self.listener = listener }
        for event in early { listener(event) }
    }

    func send(_ line: [UInt8]) {
        guard !hasEnded, let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: line.count + 1)
        buffer.writeBytes(line)
        if line.last != Self.lineEnd { buffer.writeInteger(Self.lineEnd) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Sends the rest and the end, and waits for the other side's.
    func close() {
        guard !isClosing else { return }
        isClosing = true
        end("this side closed the connection")
        guard let context, context.channel.isActive else { return }
        let channel = context.channel
        let flushed = context.eventLoop.makePromise(of: Void.self)
        flushed.futureResult.whenComplete { _ in channel.close(mode: .output, promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: flushed)
        let limit = context.eventLoop.scheduleTask(in: NodeConnection.closingTime) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in limit.cancel() }
    }

    // MARK: The other side

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let own = NIOLoopBound(self, eventLoop: context.eventLoop)
        repeatedly(heartbeat.interval) { own.value.send([]) }
        repeatedly(heartbeat.limit / Self.silenceParts) { own.value.countSilence() }
    }

    private func repeatedly(_ interval: Duration, _ body: @escaping @Sendable () -> Void) {
        let amount = TimeAmount(interval)
        guard let loop = context?.eventLoop else { return }
        timers.append(loop.scheduleRepeatedTask(initialDelay: amount, delay: amount) { _ in body() })
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        for timer in timers { timer.cancel() }
        timers = []
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        silentParts = 0
        guard !hasEnded else { return }
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        let limit = MessageFraming.maximumLineLength
        while !hasEnded, let line = nextLine() {
            if line.count > limit {
                fail(Self.tooLong)
            } else if let greeted {
                guard line + [Self.lineEnd] == NodeConnection.greeting else {
                    fail("it is no launcher of this version")
                    return
                }
                self.greeted = nil
                greeted.succeed()
            } else if !line.isEmpty {
                tell(.line(line))
            }
        }
        if bytes.readableBytes == 0 { bytes = ByteBuffer() } else { bytes.discardReadBytes() }
        if !hasEnded, bytes.readableBytes > limit { fail(Self.tooLong) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end("it closed the connection")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error as? IOError)?.errnoCode {
        case ECONNRESET: fail("it reset the connection")
        case let number?: fail("the connection failed: \(String(cString: strerror(number))) (errno \(number))")
        case nil: fail("the connection failed: \(error)")
        }
    }

    /// The bytes of the next whole line, without its end.
    private func nextLine() -> [UInt8]? {
        let view = bytes.readableBytesView
        guard let end = view.dropFirst(scanned).firstIndex(of: Self.lineEnd) else {
            scanned = view.count
            return nil
        }
        let line = bytes.readBytes(length: end - view.startIndex)
        bytes.moveReaderIndex(forwardBy: 1)
        scanned = 0
        return line
    }

    private func countSilence() {
        silentParts += 1
        guard silentParts > Self.silenceParts else { return }
        let seconds = heartbeat.limit / .seconds(1)
        let text = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
        fail("nothing has been heard of it for \(text) s")
    }

    private func fail(_ reason: String) {
        end(reason)
        context?.close(promise: nil)
    }

    private func end(_ reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        for timer in timers { timer.cancel() }
        greeted?.fail(LaunchError(.rendezvousFailed, reason))
        greeted = nil
        tell(.ended(reason: reason))
        listener = nil
    }

    private func tell(_ event: NodeConnection.Event) {
        if let listener { listener(event) } else { early.append(event) }
    }
}
