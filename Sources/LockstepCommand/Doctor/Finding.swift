/// One thing that the doctor found.
struct Finding: Encodable, Sendable, Hashable {
    /// How much a finding matters; later ones matter more.
    enum State: String, Encodable, Sendable, Hashable, CaseIterable, Comparable {
        /// All is well.
        case ok
        /// Training goes on, but perhaps not as expected.
        case warning
        /// No program can train.
        case broken

        static func < (one: State, other: State) -> Bool {
            (allCases.firstIndex(of: one) ?? 0) < (allCases.firstIndex(of: other) ?? 0)
        }
    }

    /// The name of the check that found it.
    let check: String
    let state: State
    /// What was found.
    let message: String
    /// What to do about it, where there is something to do.
    let nextStep: String?
    /// The same for programs.
    let values: [String: JSONValue]

    /// The finding as a line, and a second one where there is something to do.
    var text: String {
        let line = Self.column(state.rawValue, 9) + Self.column(check, 12) + message
        guard let nextStep else { return line }
        return line + "\n" + Self.column("", 9) + Self.column("", 12) + "-> " + nextStep
    }

    private static func column(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
