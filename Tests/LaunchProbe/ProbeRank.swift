import Foundation
import Launching
import RankProtocol

/// A rank of the probe.
struct ProbeRank {
    let place: RankEnvironment
    let environment: [String: String]
    let values: [String]
    let channel: ControlChannel?

    struct Misuse: Error, CustomStringConvertible {
        let description: String
    }

    init(environment: [String: String], values: [String]) throws {
        guard let place = try RankEnvironment(environment: environment) else {
            throw Misuse(description: "this process is no rank")
        }
        self.place = place
        self.environment = environment
        self.values = values
        // SIGTERM, which follows, ends a rank unless it does something about it.
        channel = try ControlChannel(rank: place.rank, environment: environment) { reason in
            write("asked to stop: \(reason)", to: STDOUT_FILENO)
            Reasons.got.signal()
        }
        channel?.send(.started(pid: getpid()))
    }

    func perform(_ behaviour: Behaviour) throws -> Never {
        switch behaviour {
        case .ok: finish()
        case .fail:
            guard isChosen else { waitForever() }
            report("dataset index 5 out of range")
            exit(Int32(number(1)))
        case .consequences: try consequences()
        case .onlyConsequences:
            report("connection reset by peer", isConsequence: true)
            exit(1)
        case .exit:
            guard isChosen else { waitForever() }
            for line in 1...30 { write("complaint \(line)", to: STDERR_FILENO) }
            exit(Int32(number(1)))
        case .flaky:
            let generation = Int(environment["TORCHELASTIC_RESTART_COUNT"] ?? "") ?? 0
            write("generation \(generation)", to: STDOUT_FILENO)
            guard generation < number(1) else { finish() }
            guard isChosen else { waitForever() }
            exit(10 + Int32(generation))
        case .kill:
            guard isChosen else { waitForever() }
            let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, number(2) << 20), alignment: 1)
            memset(memory, 1, number(2) << 20)
            // Not `raise`: this thread may have its signals blocked.
            Foundation.kill(getpid(), Int32(number(1)))
            waitForever()
        case .leave:
            guard isChosen else { waitForever() }
            exit(0)
        case .wait: waitForever()
        case .stubborn:
            signal(SIGTERM, SIG_IGN)
            waitForever()
        case .grandchild:
            try Grandchild.start(values.first)
            waitForever()
        case .meet: try meet()
        case .download: try download()
        case .compute: compute()
        case .save: try save()
        case .draw: draw()
        case .stopped:
            write("ready", to: STDOUT_FILENO)
            Foundation.kill(getpid(), SIGSTOP)
            while true { pause() }
        case .obey:
            signal(SIGTERM, SIG_IGN)
            write("ready", to: STDOUT_FILENO)
            Reasons.got.wait()
            finish()
        case .lines: try printLines()
        case .describe: try describe()
        }
    }

    /// The rank that the first value names.
    private var isChosen: Bool { place.rank == number(0) }

    private func number(_ index: Int) -> Int { values.indices.contains(index) ? Int(values[index]) ?? 0 : 0 }

    private func report(_ message: String, isConsequence: Bool = false) {
        channel?.send(.failed(RankFailure(rank: place.rank, message: message, isConsequence: isConsequence)))
    }

    private func finish() -> Never {
        channel?.send(.finished)
        exit(0)
    }

    func waitForever() -> Never {
        write("ready", to: STDOUT_FILENO)
        pauseForever()
    }

    private func pauseForever() -> Never {
        while true { pause() }
    }

    /// Ranks leave marks for each other in the test's folder.
    private func consequences() throws -> Never {
        let folder = environment["LAUNCH_FOLDER"] ?? "."
        guard isChosen else {
            report("connection reset by peer", isConsequence: true)
            try Data().write(to: URL(fileURLWithPath: "\(folder)/\(place.rank)"))
            exit(1)
        }
        while try FileManager.default.contentsOfDirectory(atPath: folder).count < place.worldSize - 1 { usleep(1000) }
        report("dataset index 5 out of range")
        exit(3)
    }

    /// The values are the number of lines and the number of two-byte characters of each.
    private func printLines() throws -> Never {
        let bytes = (0..<number(0)).flatMap { line in
            Array("\(place.rank)/\(line) \(String(repeating: "é", count: number(1)))\n".utf8)
        }
        var rest = bytes.dropLast()[...]  // the last line has no end
        var length = 1
        while !rest.isEmpty {
            let piece = Array(rest.prefix(length))
            for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
                var written = 0
                while written < piece.count {
                    let count = piece[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                    written += max(0, count)
                }
            }
            rest = rest.dropFirst(length)
            length = length * 3 % 4099 + 1
        }
        finish()
    }
}

/// The wishes to stop that have come.
enum Reasons {
    static let got = DispatchSemaphore(value: 0)
}

/// Writes a line in one piece.
func write(_ line: String, to descriptor: Int32) {
    let bytes = Array("\(line)\n".utf8)
    _ = Glibc.write(descriptor, bytes, bytes.count)
}
