import Launching

/// The memory that processes may use together.
struct MemoryCheck: DoctorCheck {
    let name = "memory"

    /// The bytes there are.
    var total = Machine.current.memory
    /// The text of `/proc/meminfo`.
    var information = SmallFile.text("/proc/meminfo") ?? ""

    /// Below this, the system soon ends processes.
    private static let low = 1_000_000_000

    func findings() async throws -> [Finding] {
        guard let total else { return [finding(.ok, "the system does not say how much there is")] }
        let free = information.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
            .flatMap { Int($0.filter(\.isNumber)) }.map { min(total, $0 * 1024) }
        let values: [String: JSONValue] = ["total": .number(total), "available": JSONValue(free)]
        guard let free else { return [finding(.ok, Machine.text(bytes: total), values)] }
        let message = "\(Machine.text(bytes: total)), of which \(Machine.text(bytes: free)) are available"
        guard free < Self.low else { return [finding(.ok, message, values)] }
        return [
            finding(
                .warning, message,
                next: "The system ends processes when none is left: close programs, or train with fewer ranks or "
                    + "smaller batches.", values)
        ]
    }
}
