import Foundation

/// The choice of a backend, which all ranks make alike before they connect.
///
/// Each rank tells through the store where it runs and what its program asks for. Ranks of PyTorch tell neither; they are
/// known by what their Gloo writes there, and are reached through Gloo alone.
struct BackendAgreement {
    let store: Store
    let rank: Int
    let worldSize: Int
    /// What this rank's program asks for; nil for whatever suits all ranks.
    let requested: ProcessGroup.Backend?
    /// How long to wait until all ranks have come.
    let timeout: Duration

    /// The most ranks that share memory; more are connected by Gloo.
    private static let mostSharing = 64

    /// What one rank has told.
    private enum Statement: Equatable {
        case asks(ProcessGroup.Backend?, at: String)
        /// It is one of PyTorch's.
        case foreign
    }

    static func key(_ rank: Int) -> String { "lockstep/place/\(rank)" }
    /// Where PyTorch's Gloo writes a rank's address.
    private static func foreignKey(_ rank: Int) -> String { "cpu//0/\(rank)" }

    /// Waits for all ranks, where that is necessary.
    ///
    /// - Returns: the backend of the group, the same on all ranks.
    /// - Throws: ``DistributedError`` where the ranks ask for different ones, where some cannot share memory though that is
    ///   asked for, or with the ranks that are missing.
    func choose() throws -> ProcessGroup.Backend {
        guard worldSize > 1 else { return requested ?? .gloo }
        try store.set(Self.key(rank), "\(requested?.rawValue ?? "any") \(Whereabouts.ofThisProcess)")
        // Gloo takes every rank, so there is nothing to wait for.
        if requested == .gloo { return .gloo }
        let failure = JoiningFailure(store: store, worldSize: worldSize, readerKey: Self.key)
        let statements = try wait(failure)
        if let problem = conflict(statements) ?? obstacle(statements) { throw failure.tell(problem) }
        let asked = statements.compactMap { if case .asks(let backend, _) = $0 { backend } else { nil } }
        return asked.first ?? (separation(statements) == nil ? .shm : .gloo)
    }

    private func wait(_ failure: JoiningFailure) throws -> [Statement] {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        var statements = [Statement?](repeating: nil, count: worldSize)
        var notices = WaitingNotices()
        var pause = 0.0005
        while true {
            for other in 0..<worldSize where statements[other] == nil { statements[other] = try statement(of: other) }
            let missing = statements.indices.filter { statements[$0] == nil }
            guard !missing.isEmpty else { return statements.compactMap(\.self) }
            if let told = failure.told() { throw told }
            guard ContinuousClock.now < deadline else { throw failure.tell(timedOut(missing)) }
            if statements.firstIndex(where: { $0 != nil }) == rank, store.server?.isAgents != true {
                notices.say(joinedInWords(worldSize, missing: missing), until: deadline)
            }
            Thread.sleep(forTimeInterval: pause)
            pause = min(2 * pause, 0.02)
        }
    }

    private func statement(of other: Int) throws -> Statement? {
        if let said = try said(by: other) { return said }
        guard try store.contains(Self.foreignKey(other)) else { return nil }
        // A rank of this package tells where it is before its Gloo writes anything.
        return try said(by: other) ?? .foreign
    }

    private func said(by other: Int) throws -> Statement? {
        guard try store.contains(Self.key(other)) else { return nil }
        let parts = try store.text(Self.key(other)).split(separator: " ", maxSplits: 1).map(String.init)
        return .asks(parts.first.flatMap { ProcessGroup.Backend(rawValue: $0) }, at: parts.last ?? "")
    }

    // MARK: What follows from it

    /// The error for programs that ask for different backends.
    private func conflict(_ statements: [Statement]) -> DistributedError? {
        var ranks: [ProcessGroup.Backend: [Int]] = [:]
        for (rank, statement) in statements.enumerated() {
            if case .asks(let backend?, _) = statement { ranks[backend, default: []].append(rank) }
        }
        guard let gloo = ranks[.gloo], let shm = ranks[.shm] else { return nil }
        return DistributedError(
            .valuesDiffer,
            "\(ranksInWords(gloo)) asked for backend gloo and \(ranksInWords(shm)) for shm. Name the same on all ranks, or "
                + "none.")
    }

    /// The error for memory that is asked for and cannot be shared.
    private func obstacle(_ statements: [Statement]) -> DistributedError? {
        let isAsked = statements.contains { if case .asks(.shm, _) = $0 { true } else { false } }
        guard isAsked, let separation = separation(statements) else { return nil }
        return DistributedError(
            .unavailableBackend,
            "backend shm: \(separation), and only ranks of one machine can share memory. Name gloo on all ranks, or no "
                + "backend.")
    }

    /// Why the ranks cannot share memory; nil where they can.
    private func separation(_ statements: [Statement]) -> String? {
        if worldSize > Self.mostSharing { return "\(worldSize) ranks are more than \(Self.mostSharing)" }
        let foreign = statements.indices.filter { statements[$0] == .foreign }
        if !foreign.isEmpty { return "\(ranksInWords(foreign)) \(foreign.count == 1 ? "is" : "are") of PyTorch" }
        func place(_ rank: Int) -> String? { if case .asks(_, let place) = statements[rank] { place } else { nil } }
        let elsewhere = statements.indices.filter { place($0) != place(0) }
        guard !elsewhere.isEmpty else { return nil }
        return "\(ranksInWords(elsewhere)) \(elsewhere.count == 1 ? "runs" : "run") on another machine, or in another "
            + "container, than rank 0"
    }

    private func timedOut(_ missing: [Int]) -> DistributedError {
        DistributedError(
            .timedOut,
            "connecting \(worldSize) ranks: \(joinedInWords(worldSize, missing: missing)) after "
                + "\(Double(timeout.milliseconds) / 1000) s\n  This is rank \(rank) of \(worldSize); check that all ranks "
                + "were started, each with a number of its own, and that they reach each other. Where a missing rank is a "
                + "PyTorch program that has come, name the backend: --backend gloo.")
    }
}
