import Glibc

/// How many files and sockets a process may have open.
struct OpenFileCheck: DoctorCheck {
    let name = "open files"

    /// Below this a launcher of many ranks may run out.
    private static let low: rlim_t = 256

    func findings() async throws -> [Finding] {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return [finding(.ok, "the system does not say how many a process may have")]
        }
        let (soft, hard) = (text(limit.rlim_cur), text(limit.rlim_max))
        let values: [String: JSONValue] = ["soft": number(limit.rlim_cur), "hard": number(limit.rlim_max)]
        let message = "\(soft) for each process" + (soft == hard ? "" : ", which it may raise to \(hard)")
        guard limit.rlim_cur < Self.low else { return [finding(.ok, message, values)] }
        return [
            finding(
                .warning, message,
                next: limit.rlim_max > limit.rlim_cur
                    ? "Raise it before training with many ranks: ulimit -n \(min(limit.rlim_max, 4096))."
                    : "Have it raised before training with many ranks: see /etc/security/limits.conf, or docker run "
                        + "--ulimit nofile=4096.", values)
        ]
    }

    private func text(_ value: rlim_t) -> String { value == .max ? "any number" : "\(value)" }

    private func number(_ value: rlim_t) -> JSONValue { Int(exactly: value).map(JSONValue.number) ?? .null }
}
