import Foundation

/// All that the doctor found.
struct DoctorReport: Encodable, Sendable {
    /// The version of the command.
    let version: String
    /// The worst state of a finding.
    let state: Finding.State
    let findings: [Finding]

    /// Runs checks one after another, and hands the findings of each to `show`.
    ///
    /// A check that fails is a finding too.
    init(of checks: [any DoctorCheck], show: ([Finding]) -> Void = { _ in }) async {
        var findings: [Finding] = []
        for check in checks {
            var found: [Finding]
            do {
                found = try await check.findings()
            } catch {
                found = [check.finding(.warning, "this could not be examined: \(error)")]
            }
            show(found)
            findings += found
        }
        version = LockstepCommand.version
        state = findings.map(\.state).max() ?? .ok
        self.findings = findings
    }

    /// The report as JSON, with the keys in alphabetical order.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// The last line: how many things are not in order.
    var summary: String {
        let broken = findings.count { $0.state == .broken }
        let warnings = findings.count { $0.state == .warning }
        let warningText = warnings == 1 ? "1 warning" : "\(warnings) warnings"
        if broken > 0 {
            return "\(broken == 1 ? "1 thing is" : "\(broken) things are") broken, and \(warningText): "
                + "no program can train here yet."
        }
        return warnings > 0 ? "Programs can train here; \(warningText)." : "Programs can train here."
    }
}
