/// Something that the doctor looks at.
protocol DoctorCheck: Sendable {
    /// The word before its lines, such as `memory`.
    var name: String { get }

    /// Looks, and says what there is; at least one finding.
    func findings() async throws -> [Finding]
}

extension DoctorCheck {
    /// A finding of this check.
    func finding(
        _ state: Finding.State, _ message: String, next: String? = nil, _ values: [String: JSONValue] = [:]
    ) -> Finding {
        Finding(check: name, state: state, message: message, nextStep: next, values: values)
    }
}
