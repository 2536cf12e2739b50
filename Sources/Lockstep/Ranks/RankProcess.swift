import Foundation
import Launching
import RankProtocol
import TorchDistributed

/// A process that a launcher of ours has started: it says how it goes, and ends at once when it has.
struct RankProcess {
    private let rank: Int
    private let channel: ControlChannel

    /// Nil where this process was started by somebody else.
    init?(environment: [String: String]) throws {
        guard let own = try RankEnvironment(environment: environment),
            // SIGTERM follows the launcher's wish to stop, and ends this process.
            let channel = try ControlChannel(rank: own.rank, environment: environment, onStop: { _ in })
        else { return nil }
        rank = own.rank
        self.channel = channel
        channel.send(.started(pid: getpid()))
    }

    /// Runs the work of the rank, tells the launcher how it went, and ends the process.
    ///
    /// Nothing is torn down: other threads may still wait for ranks that never come.
    func run(_ work: () async throws -> Void) async -> Never {
        do {
            try await work()
            channel.send(.finished)
            fflush(nil)
            _exit(0)
        } catch {
            let isConsequence = (error as? DistributedError)?.isConsequence ?? false
            channel.send(.failed(RankFailure(rank: rank, message: "\(error)", isConsequence: isConsequence)))
            fflush(nil)
            _exit(1)
        }
    }
}
