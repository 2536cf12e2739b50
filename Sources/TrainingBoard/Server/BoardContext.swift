import Hummingbird

/// What belongs to a request: the port on which it came.
struct BoardContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The port; nil where a request came by no network.
    let port: Int?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        port = source.channel.localAddress?.port
    }
}
