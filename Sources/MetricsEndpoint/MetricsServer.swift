import NIOCore
import NIOHTTP1
import NIOPosix
import Tracking

/// A small HTTP server on a thread of its own.
final class MetricsServer: Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel

    /// The port that it listens on.
    var port: Int { channel.localAddress?.port ?? 0 }

    /// Listens at an address, and waits until it does.
    ///
    /// - Throws: ``TrackingError`` where it cannot.
    init(_ address: MetricsAddress, _ text: @escaping @Sendable () -> String) throws {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 16)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandler(IdleStateHandler(allTimeout: .seconds(30)))
                    try operations.configureHTTPServerPipeline()
                    try operations.addHandler(MetricsRequestHandler(text))
                }
            }
        do {
            channel = try bootstrap.bind(host: address.host, port: address.port).wait()
        } catch {
            group.shutdownGracefully { _ in }
            throw TrackingError(
                .serverUnavailable,
                "Metrics cannot be served at \(address): \(error). Choose a free port, and an address of this machine.",
                cause: error)
        }
    }

    /// Ends all connections and stops listening.
    func close() {
        try? group.syncShutdownGracefully()
    }

    deinit {
        group.shutdownGracefully { _ in }
    }
}
