import LockstepTesting
import TorchDistributed

/// How the ranks of a test reach each other.
enum RankKind: CaseIterable, Sendable {
    case neighbour(ProcessGroup.Backend)
    /// Through Gloo, and what they record through the store alone, as if each was on a machine of its own.
    case distant

    static let neighbours = ProcessGroup.Backend.allCases.map { RankKind.neighbour($0) }
    static let allCases = neighbours + [distant]

    /// What a test gives on several ranks that are threads.
    func results(
        _ worldSize: Int, _ body: @escaping @Sendable (ProcessGroup) throws -> Void
    ) throws -> [Result<Void, any Error>] {
        switch self {
        case .neighbour(let backend): try resultsOnRanks(worldSize, backend: backend, body)
        case .distant: try resultsOnDistantRanks(worldSize, body)
        }
    }
}
