import NIOCore
import NIOHTTP1

/// Answers `GET /metrics`.
final class MetricsRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let text: @Sendable () -> String
    private var head: HTTPRequestHead?

    init(_ text: @escaping @Sendable () -> String) {
        self.text = text
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Nothing was asked for a while.
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = request.uri.split(separator: "?", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        switch (request.method, path) {
        case (.GET, "/metrics"), (.HEAD, "/metrics"):
            send(.ok, "text/plain; version=0.0.4; charset=utf-8", text(), request, context)
        case (.GET, _), (.HEAD, _):
            send(.notFound, "text/plain; charset=utf-8", "The numbers are at /metrics.\n", request, context)
        default:
            send(.methodNotAllowed, "text/plain; charset=utf-8", "Only GET is of use here.\n", request, context)
        }
    }

    private func send(
        _ status: HTTPResponseStatus, _ type: String, _ text: String, _ request: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        let body = context.channel.allocator.buffer(string: text)
        let headers: HTTPHeaders = [
            "Content-Type": type, "Content-Length": "\(body.readableBytes)",
            "Connection": request.isKeepAlive ? "keep-alive" : "close",
        ]
        let head = HTTPResponseHead(version: request.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let isKept = request.isKeepAlive
        let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !isKept {
            let channel = context.channel
            sent.whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
