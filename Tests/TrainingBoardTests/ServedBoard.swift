import Foundation
import Testing

@testable import TrainingBoard

/// Serves a board on a free port while `body` runs, and waits for its end.
func withBoard<Result: Sendable>(
    _ options: BoardOptions, _ body: @escaping @Sendable (_ port: Int, _ address: String) async throws -> Result
) async throws -> Result {
    var options = options
    options.port = options.port ?? 0
    let server = try BoardServer(options)
    let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask {
            defer { continuation.finish() }
            try await server.run { address in continuation.yield(address) }
            return nil
        }
        group.addTask {
            for await address in addresses {
                let url = try #require(URL(string: address))
                return try await body(try #require(url.port), address)
            }
            return nil
        }
        defer { group.cancelAll() }
        for try await result in group {
            if let result { return result }
        }
        throw RawConnection.Failure(what: "the board did not start")
    }
}
