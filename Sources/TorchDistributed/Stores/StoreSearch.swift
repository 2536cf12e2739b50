import Foundation
import HostNetwork

/// The wait for a store that another process serves.
///
/// c10d's own wait says nothing of the reason, and writes to standard error at each attempt.
struct StoreSearch {
    let endpoint: Endpoint
    /// Who waits, as messages say it; nil to say nothing.
    let waiting: String?
    let timeout: Duration

    /// Waits until something accepts connections there.
    ///
    /// - Throws: ``DistributedError`` with `timedOut` and the reason of the last failure.
    func wait() throws {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        var notices = WaitingNotices()
        var reason = "no answer"
        while true {
            switch outcome(until: deadline) {
            case .reached: return
            case .failed(let words): reason = words
            case .undecided: break
            }
            guard ContinuousClock.now < deadline else {
                throw DistributedError(
                    .timedOut,
                    "nothing could be reached at \(endpoint) within \(timeout.milliseconds / 1000) s: \(reason)")
            }
            if let waiting {
                notices.say("\(waiting) waits for rank 0's store at \(endpoint): \(reason)", until: deadline)
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    private enum Outcome {
        case reached, failed(String), undecided
    }

    /// One attempt at each of the host's addresses.
    private func outcome(until deadline: ContinuousClock.Instant) -> Outcome {
        let addresses: [IPAddress]
        do { addresses = try HostName.addresses(of: endpoint.host) } catch { return .failed("\(error)") }
        let attempts = ConnectionAttempts(addresses.map { ($0, endpoint.port) })
        let limit = ContinuousClock.now.advanced(by: .seconds(5))
        while !attempts.isDecided, attempts.firstReached == nil, ContinuousClock.now < min(limit, deadline) {
            attempts.poll(for: .milliseconds(50))
        }
        if attempts.firstReached != nil { return .reached }
        guard let words = attempts.failures.first else {
            return ContinuousClock.now < limit ? .undecided : .failed("no answer")
        }
        let isHere = addresses.allSatisfy(\.isUnspecified)
        return .failed(isHere ? "\(words); \(endpoint.host) is this machine itself, so give rank 0's address" : words)
    }
}
