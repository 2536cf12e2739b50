import Foundation
import Testing

/// A finished job of `network-probe` on several hosts.
struct NetworkJob {
    struct Outcome: Decodable {
        var rank: Int
        var endpoints: [String]
        var weights: Double
        var code: String?
        var message: String
        var seconds: Double
    }

    /// One rank: where it runs, and what it is started with beyond its number.
    struct Rank {
        var host: Int
        var initMethod: String
        var arguments: [String] = []
        var environment: [String: String?] = [:]
    }

    /// What each rank printed; nil where it printed nothing.
    let outcomes: [Outcome?]
    let statuses: [Int]
    let diagnostics: [String]

    /// Runs the ranks to their end.
    ///
    /// - Parameter absent: the ranks that are never started.
    init(
        _ ranks: [Rank], on hosts: TestHosts, absent: Set<Int> = [], limit: Duration = .seconds(90)
    ) throws {
        let processes = try ranks.enumerated().filter { !absent.contains($0.offset) }.map { index, rank in
            try hosts[rank.host].start(
                "network-probe",
                ["init=\(rank.initMethod)", "rank=\(index)", "world=\(ranks.count)"] + rank.arguments,
                environment: rank.environment)
        }
        statuses = processes.map { $0.wait(limit) }
        diagnostics = processes.map(\.diagnostics)
        outcomes = processes.map { try? JSONDecoder().decode(Outcome.self, from: Data($0.output.utf8)) }
    }

    /// Where each rank listened for data, without the port.
    var addresses: [String] {
        outcomes.map { outcome in
            guard let endpoint = outcome?.endpoints.first, let colon = endpoint.lastIndex(of: ":") else { return "" }
            return endpoint[..<colon].filter { $0 != "[" && $0 != "]" }
        }
    }

    /// Expects that all ranks have trained, and have the same model.
    func expectTrained(_ location: SourceLocation = #_sourceLocation) {
        let words = zip(outcomes, diagnostics).map { "\($0?.message ?? "no outcome") \($1)" }
        #expect(statuses.allSatisfy { $0 == 0 }, "\(words)", sourceLocation: location)
        #expect(Set(outcomes.map { $0?.weights ?? .nan }).count == 1, "\(words)", sourceLocation: location)
        #expect(outcomes.allSatisfy { $0?.weights.isFinite == true }, sourceLocation: location)
    }

    /// Expects that all ranks have ended with an error that has all of the words.
    func expectFailed(_ words: [String], within seconds: Double, _ location: SourceLocation = #_sourceLocation) {
        for (index, outcome) in outcomes.enumerated() {
            let message = outcome?.message ?? "no outcome: \(diagnostics[index])"
            #expect(outcome?.code != nil, sourceLocation: location)
            #expect(statuses[index] == 1, sourceLocation: location)
            #expect(words.filter { !message.contains($0) } == [], "\(message)", sourceLocation: location)
            #expect(outcome.map { $0.seconds < seconds } == true, sourceLocation: location)
        }
    }
}

/// Families of addresses in a test's arguments.
enum Families: String, CaseIterable, CustomTestStringConvertible {
    case v4, v6, both

    var list: [TestHosts.Family] {
        switch self {
        case .v4: [.v4]
        case .v6: [.v6]
        case .both: [.v4, .v6]
        }
    }

    /// What stands for all addresses of a host, as it stands before a port.
    var unspecified: String { self == .v6 ? "[::]" : "0.0.0.0" }

    var testDescription: String { rawValue }
}
