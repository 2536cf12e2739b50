import Foundation
import Hummingbird
import Logging
import NIOCore

/// The live board: a page that follows the runs of a folder, served to browsers.
///
/// ```swift
/// let board = try BoardServer(BoardOptions(folder: "runs"))
/// try await board.run { address in print(address) }    // until the task is cancelled
/// ```
public struct BoardServer: Sendable {
    private let options: BoardOptions
    private let access: BoardAccess
    private let store: RunStore

    /// Checks the options; nothing is opened yet.
    ///
    /// - Throws: ``BoardError`` where an option has a value that cannot be.
    public init(_ options: BoardOptions) throws {
        if let port = options.port, !(0...65535).contains(port) {
            throw BoardError(.invalidOption, "\(port) is no port: choose one from 1 to 65535, or 0 for any free one.")
        }
        if let token = options.token, !token.utf8.allSatisfy({ Self.isPlain($0) }) || token.utf8.count < 16 {
            throw BoardError(
                .invalidOption,
                "The token has to be at least 16 letters, digits, dots, hyphens or underscores, since it stands in "
                    + "addresses. Leave it out, and one is made up at random.")
        }
        self.options = options
        access = BoardAccess(
            token: options.token ?? (options.isLoopback ? nil : BoardAccess.randomToken()),
            isLoopback: options.isLoopback)
        store = RunStore(RunsFolder(options.folder))
    }

    /// Serves the board until the task is cancelled.
    ///
    /// - Parameter onReady: Called with the page's address once it can be opened.
    /// - Throws: ``BoardError`` where the port or the address cannot be had.
    public func run(onReady: @escaping @Sendable (String) async -> Void) async throws {
        guard let port = options.port else {
            for port in BoardOptions.standardPorts.dropLast() {
                do { return try await run(on: port, onReady) } catch let error as BoardError
                    where error.code == .portInUse
                {}
            }
            return try await run(on: BoardOptions.standardPorts.upperBound, onReady)
        }
        try await run(on: port, onReady)
    }

    private func run(on port: Int, _ onReady: @escaping @Sendable (String) async -> Void) async throws {
        let events = EventStreams()
        let application = application(on: port, events) { channel in
            await onReady(address(port: channel.localAddress?.port ?? port))
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                group.addTask { await follow() }
                try await group.next()
                group.cancelAll()
            }
        } catch let error as IOError {
            throw failure(error, port)
        } catch is CancellationError {
        } catch  where !Task.isCancelled {
            throw BoardError(
                .addressUnavailable,
                "\(options.host) cannot be served on: \(error). Choose another --host, such as 127.0.0.1.", cause: error
            )
        }
    }

    /// The application, for tests too.
    func application(
        on port: Int = 0, _ events: EventStreams = EventStreams(),
        onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        var logger = Logger(label: "board") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .critical
        return Application(
            router: BoardRoutes(store: store, access: access, events: events).router(),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8192, maxHeaderListSize: 16384, maxHeaderFieldCount: 100))),
            configuration: .init(
                address: .hostname(options.host, port: port), serverName: nil,
                availableConnectionsDelegate: .maximum(256, logger: logger)),
            onServerRunning: onServerRunning, logger: logger)
    }

    /// Reads what is new in the runs: four times a second while somebody looks, else every two seconds.
    func follow() async {
        while !Task.isCancelled {
            let now = Date().timeIntervalSince1970
            if await store.isWorthPolling(now), await store.poll(now) { continue }
            try? await Task.sleep(for: .milliseconds(250))
        }
    }

    private func address(port: Int) -> String {
        let host =
            switch options.host {
            case "0.0.0.0", "::", "[::]": ProcessPresence.hostName
            case let host where host.contains(":") && !host.hasPrefix("["): "[\(host)]"
            default: options.host
            }
        return "http://\(host):\(port)/" + (access.token.map { "?token=\($0)" } ?? "")
    }

    private func failure(_ error: IOError, _ port: Int) -> BoardError {
        switch error.errnoCode {
        case EADDRINUSE:
            BoardError(
                .portInUse, "Port \(port) of \(options.host) is taken: choose another --port, or 0 for any free one.",
                cause: error)
        case EACCES:
            BoardError(
                .portInUse, "Port \(port) of \(options.host) is not for you to serve: choose one from 1024 on.",
                cause: error)
        default:
            BoardError(
                .addressUnavailable,
                "\(options.host), port \(port), cannot be served on: \(error). Choose another --host, such as 127.0.0.1.",
                cause: error)
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
