import Glibc

/// The launcher's ends of what a rank writes to.
struct RankOutput {
    /// One of them.
    struct Source {
        let reading: Descriptor
        /// The launcher's stream that it leads to.
        let target: Int32
        let isTerminal: Bool
    }

    private(set) var sources: [Source] = []
    /// The rank's ends, with the numbers that they have there.
    private(set) var ends: [(source: Descriptor, number: Int32)] = []

    /// Whether both streams of the rank come from one source, so that their order stays.
    var isMerged: Bool { sources.count == 1 }

    /// Opens the ends.
    ///
    /// - Parameter followsTerminal: whether the rank gets a terminal for each stream of the launcher that is one.
    /// - Throws: ``LaunchError`` with `socketUnavailable`.
    init(followsTerminal: Bool) throws {
        for stream in [STDOUT_FILENO, STDERR_FILENO] {
            let isTerminal = followsTerminal && isatty(stream) == 1
            if isTerminal, stream == STDERR_FILENO, let first = sources.first, first.isTerminal,
                OutputPlace(STDOUT_FILENO) == OutputPlace(STDERR_FILENO)
            {
                // A bar on one and lines on the other are drawn around each other.
                ends.append((ends[0].source, stream))
                break
            }
            let (reading, writing) = try isTerminal ? PseudoTerminal.pair() : Descriptor.pipe()
            sources.append(Source(reading: reading, target: stream, isTerminal: isTerminal))
            ends.append((writing, stream))
        }
        resize()
    }

    /// The same without the rank's ends, which are closed when nobody else has them.
    var withoutEnds: RankOutput {
        var copy = self
        copy.ends = []
        return copy
    }

    /// Makes the rank's terminal as large as the launcher's.
    func resize() {
        for source in sources where source.isTerminal {
            PseudoTerminal.copySize(from: source.target, to: source.reading)
        }
    }
}

/// Where a descriptor leads to.
struct OutputPlace: Hashable {
    private let device: dev_t
    private let file: ino_t

    /// Nil for a descriptor that is not open.
    init?(_ descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        device = status.st_dev
        file = status.st_ino
    }
}
