extension CheckpointValue {
    /// The key under which a number stands that JSON has no word for.
    static let specialNumberKey = "$number"

    /// The value as JSON text: names sorted by their bytes, objects over several lines, lists of plain values on one.
    ///
    /// The same value always gives the same text.
    public var json: String {
        var text = ""
        append(to: &text, indentation: "")
        return text
    }

    private func append(to text: inout String, indentation: String) {
        switch self {
        case .text(let value): text += value.quotedForJSON
        case .integer(let value): text += String(value)
        case .number(let value) where value.isFinite: text += value.description
        case .number(let value): text += "{\"\(Self.specialNumberKey)\": \"\(value)\"}"
        case .flag(let value): text += value ? "true" : "false"
        case .none: text += "null"
        case .list(let values):
            guard values.contains(where: \.isNested) else {
                text += "[\(values.map(\.json).joined(separator: ", "))]"
                return
            }
            append(values.map { ("", $0) }, between: ("[", "]"), to: &text, indentation)
        case .object(let values):
            let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            append(sorted.map { ($0.key.quotedForJSON + ": ", $0.value) }, between: ("{", "}"), to: &text, indentation)
        }
    }

    private var isNested: Bool {
        switch self {
        case .list, .object: true
        case .text, .integer, .number, .flag, .none: false
        }
    }

    private func append(
        _ members: [(prefix: String, value: CheckpointValue)], between brackets: (String, String),
        to text: inout String, _ indentation: String
    ) {
        guard !members.isEmpty else {
            text += brackets.0 + brackets.1
            return
        }
        let inner = indentation + "  "
        for (index, member) in members.enumerated() {
            text += (index == 0 ? brackets.0 : ",") + "\n" + inner + member.prefix
            member.value.append(to: &text, indentation: inner)
        }
        text += "\n" + indentation + brackets.1
    }

    /// Reads a value from JSON text.
    ///
    /// - Parameters:
    ///   - json: The text as UTF-8.
    ///   - file: What to call it in messages.
    /// - Throws: ``CheckpointError`` with `damaged` where it is not JSON, or nested more than a hundred deep.
    public init(json: some Collection<UInt8>, file: String) throws {
        var reader = JSONReader(Array(json), file: file)
        self = try reader.whole()
    }
}
