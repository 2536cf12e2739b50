/// A value, and where it came from.
struct Sourced<Value: Sendable>: Sendable {
    let value: Value
    /// A variable's name, or a phrase.
    let source: String
}

/// A process's environment, as one launcher's variables.
struct Variables {
    let environment: [String: String]
    let launcher: String

    func text(_ name: String) -> Sourced<String>? {
        environment[name].map { Sourced(value: $0, source: name) }
    }

    /// The number that a variable has; nil where there is no such variable.
    func number(_ name: String) throws -> Sourced<Int>? {
        guard let text = environment[name] else { return nil }
        guard let number = Int(text) else {
            throw RankProtocolError(.malformedVariable, "\(name) is \"\(text)\": expected a whole number.")
        }
        return Sourced(value: number, source: name)
    }

    /// The numbers of variables that the launcher always sets together.
    func numbers(_ names: String...) throws -> [String: Sourced<Int>] {
        let missing = names.filter { environment[$0] == nil }
        guard missing.isEmpty else {
            let given = names.filter { environment[$0] != nil }
            throw RankProtocolError(
                .missingVariable,
                "\(given.joined(separator: ", ")) of \(launcher) in the environment, but not "
                    + "\(missing.joined(separator: ", ")). Pass on all variables that \(launcher) sets, or set RANK, "
                    + "WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT and unset "
                    + "\(given.joined(separator: ", ")).")
        }
        return try names.reduce(into: [:]) { $0[$1] = try number($1) }
    }
}

/// A TCP port that all ranks of a job compute alike, below the ports that Linux gives to outgoing connections.
enum DerivedPort {
    static let range = 20000...29999

    /// Jobs that follow each other have different ports.
    static func port(job: UInt64, step: UInt64) -> Int {
        let offset = (job % 10000 + step % 10000 * 7919) % UInt64(range.count)
        return range.lowerBound + Int(offset)
    }

    /// FNV-1a, since Swift's own hashes differ from process to process.
    static func port(identity: String) -> Int {
        if let number = UInt64(identity) { return port(job: number ^ number >> 16, step: 0) }
        return port(job: identity.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, step: 0)
    }
}
