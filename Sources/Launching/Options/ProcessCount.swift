import ArgumentParser

/// How many processes to start on a machine: a number, or as many as there are cores.
public enum ProcessCount: Sendable, Hashable, CustomStringConvertible {
    /// That many, at least one.
    case exactly(Int)
    /// One for each core that this process may use.
    case auto

    /// Reads `4` or `auto`.
    ///
    /// - Throws: `ValidationError` that says what is wrong with the text.
    public init(_ text: String) throws {
        if text == "auto" {
            self = .auto
            return
        }
        guard let number = Int(text) else {
            throw ValidationError("expected a number of processes, or auto for one on each core")
        }
        guard number >= 1 else { throw ValidationError("at least one process is needed") }
        self = .exactly(number)
    }

    /// A program's own number of processes, where the machine has the cores for it; nil for a single process.
    ///
    /// - Parameters:
    ///   - count: how many processes the program is written for.
    ///   - cores: how many cores it may use.
    package init?(default count: Int, cores: Int) {
        guard count > 1, cores >= count else { return nil }
        self = .exactly(count)
    }

    /// The number, at least one.
    public var count: Int {
        switch self {
        case .exactly(let number): max(1, number)
        case .auto: AvailableCores.count
        }
    }

    /// The text that stands for it on a command line.
    public var description: String {
        switch self {
        case .exactly(let number): "\(number)"
        case .auto: "auto"
        }
    }
}
