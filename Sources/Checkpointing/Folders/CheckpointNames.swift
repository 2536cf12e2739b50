/// The names of files and folders around checkpoints.
enum CheckpointNames {
    static let manifest = "manifest.json"
    static let state = "state.json"
    static let tensorsExtension = ".safetensors"
    /// The link to the newest checkpoint, for people.
    static let latest = "latest"

    /// A folder in the folder of checkpoints.
    enum Kind: Hashable {
        /// A checkpoint.
        case finished
        /// One that is being written, or whose writing ended before its time; or one that another has replaced.
        case partial
        /// An old one that makes room for a new one of the same step.
        case replaced
        /// One that is being removed.
        case removed
        /// The link to the newest checkpoint under its temporary name.
        case link

        var prefix: String {
            switch self {
            case .finished: "step-"
            case .partial: ".partial-step-"
            case .replaced: ".replaced-step-"
            case .removed: ".removed-step-"
            case .link: ".latest-step-"
            }
        }

        static let temporary: [Kind] = [.partial, .replaced, .removed, .link]
    }

    /// The name of a checkpoint's folder, such as `step-000000120`.
    static func folder(step: Int) -> String { Kind.finished.prefix + digits(step) }

    /// A name that nobody else uses, such as `.partial-step-000000120-4711-k3x9`.
    static func temporary(_ kind: Kind, step: Int, pid: Int32) -> String {
        "\(kind.prefix)\(digits(step))-\(pid)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    }

    /// The step in the name of a checkpoint's folder; nil for any other name.
    static func step(ofFolder name: String) -> Int? {
        guard name.hasPrefix(Kind.finished.prefix) else { return nil }
        let text = name.dropFirst(Kind.finished.prefix.count)
        guard let step = Int(text), folder(step: step) == name else { return nil }
        return step
    }

    /// What a temporary name says; nil for any other name.
    static func temporary(_ name: String) -> (kind: Kind, step: Int, pid: Int32)? {
        guard let kind = Kind.temporary.first(where: { name.hasPrefix($0.prefix) }) else { return nil }
        let fields = name.dropFirst(kind.prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard fields.count == 3, let step = Int(fields[0]), let pid = Int32(fields[1]), step >= 0, pid > 0,
            !fields[2].isEmpty
        else { return nil }
        return (kind, step, pid)
    }

    /// Whether a file of a checkpoint may have the name: it stays in its folder and is not hidden.
    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 200 else { return false }
        let isWord = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return isWord(first) && name.utf8.allSatisfy { isWord($0) || "-_.".utf8.contains($0) }
    }

    private static func digits(_ step: Int) -> String {
        let text = String(step)
        return String(repeating: "0", count: max(0, 9 - text.count)) + text
    }
}
