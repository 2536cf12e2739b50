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
    /// What the machine that this rank runs on is called, alike on all that can share memory.
    let whereabouts: String
    /// How long to wait until all ranks have come.
    let timeout: Duration

    /// The most ranks of a machine that share memory; more are connected by Gloo.
    private static let mostSharing = 64

    /// What all ranks have chosen.
    struct Choice {
        var backend: ProcessGroup.Backend
        /// Each rank's machine, numbered in the order of their lowest ranks; nil where it makes no difference.
        var machines: [Int]?
    }

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
    func choose() throws -> Choice {
        guard worldSize > 1 else { return Choice(backend: requested ?? .gloo, machines: [0]) }
        try store.set(Self.key(rank), "\(requested?.rawValue ?? "any") \(whereabouts)")
        // Gloo takes every rank, so there is nothing to wait for.
        if requested == .gloo { return Choice(backend: .gloo) }
        let failure = JoiningFailure(store: store, worldSize: worldSize, readerKey: Self.key)
        let statements = try wait(failure)
        if let problem = conflict(statements) ?? obstacle(statements) { throw failure.tell(problem) }
        let asked = statements.compactMap { if case .asks(let backend, _) = $0 { backend } else { nil } }
        return Choice(backend: asked.first ?? suitable(statements), machines: machines(statements))
    }

    /// What suits all ranks, where none asks for anything.
    private func suitable(_ statements: [Statement]) -> ProcessGroup.Backend {
        if separation(statements) == nil { return .shm }
        // Where each rank has a machine of its own there is no memory to share.
        let isShared = machines(statements).map { Set($0).count < worldSize } ?? false
        return isShared && crowd(statements) == nil ? .hierarchical : .gloo
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
        let asked = ProcessGroup.Backend.allCases.compactMap { backend in ranks[backend].map { (backend, $0) } }
        guard asked.count > 1 else { return nil }
        return DistributedError(
            .valuesDiffer,
            "\(ranksInWords(asked[0].1)) asked for backend \(asked[0].0.rawValue) and \(ranksInWords(asked[1].1)) for "
                + "\(asked[1].0.rawValue). Name the same on all ranks, or none.")
    }

    /// The error for memory that is asked for and cannot be shared.
    private func obstacle(_ statements: [Statement]) -> DistributedError? {
        let asked = statements.compactMap { if case .asks(let backend, _) = $0 { backend } else { nil } }.first
        let reason: String? =
            switch asked {
            case .shm: separation(statements).map { "\($0), and only ranks of one machine can share memory" }
            case .hierarchical: strangers(statements) ?? crowd(statements)
            case .gloo, nil: nil
            }
        guard let asked, let reason else { return nil }
        return DistributedError(
            .unavailableBackend, "backend \(asked.rawValue): \(reason). Name gloo on all ranks, or no backend.")
    }

    /// Each rank's machine; nil where ranks do not tell.
    private func machines(_ statements: [Statement]) -> [Int]? {
        var numbers: [String: Int] = [:]
        let machines = statements.compactMap { statement -> Int? in
            guard case .asks(_, let place) = statement else { return nil }
            let number = numbers[place] ?? numbers.count
            numbers[place] = number
            return number
        }
        return machines.count == worldSize ? machines : nil
    }

    /// The ranks of PyTorch, in words; nil where there are none.
    private func strangers(_ statements: [Statement]) -> String? {
        let foreign = statements.indices.filter { statements[$0] == .foreign }
        return foreign.isEmpty ? nil : "\(ranksInWords(foreign)) \(foreign.count == 1 ? "is" : "are") of PyTorch"
    }

    /// That a machine has more ranks than can share memory, in words; nil where none has.
    private func crowd(_ statements: [Statement]) -> String? {
        let counts = (machines(statements) ?? []).reduce(into: [:]) { $0[$1, default: 0] += 1 }
        guard let most = counts.values.max(), most > Self.mostSharing else { return nil }
        return "\(most) ranks are more than \(Self.mostSharing)"
    }

    /// Why the ranks cannot share memory; nil where they can.
    private func separation(_ statements: [Statement]) -> String? {
        if let strangers = strangers(statements) { return strangers }
        func place(_ rank: Int) -> String? { if case .asks(_, let place) = statements[rank] { place } else { nil } }
        let elsewhere = statements.indices.filter { place($0) != place(0) }
        guard !elsewhere.isEmpty else { return crowd(statements) }
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
