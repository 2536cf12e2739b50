import Testing
import TorchDistributed

/// The error of each rank, whose result must be one.
func errors<Value>(_ results: [Result<Value, any Error>]) -> [DistributedError] {
    results.enumerated().compactMap { rank, result in
        guard case .failure(let error) = result else {
            Issue.record("rank \(rank) did not fail")
            return nil
        }
        guard let error = error as? DistributedError else {
            Issue.record("rank \(rank) failed with \(error)")
            return nil
        }
        return error
    }
}

/// The error that a body throws.
func thrownError(_ body: () throws -> Void) -> DistributedError? {
    do {
        try body()
        Issue.record("nothing was thrown")
    } catch let error as DistributedError {
        return error
    } catch {
        Issue.record("\(error) was thrown")
    }
    return nil
}

extension DistributedError {
    /// Which of the words the message lacks.
    func missing(_ words: [String]) -> [String] { words.filter { !message.contains($0) } }
}
