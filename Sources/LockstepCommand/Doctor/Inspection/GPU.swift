/// An NVIDIA GPU of this machine.
struct GPU: Sendable, Hashable {
    /// Its number in the order of the driver.
    let index: Int
    /// The model, such as `NVIDIA H200`.
    let model: String?
    /// `GPU-…`, the same after a restart.
    let uuid: String?
    /// The identifiers of the instances (MIG) that it is divided into.
    var instances: [String] = []

    /// Number, model and identifier.
    var summary: String { ["\(index)", model, uuid.map { "(\($0))" }].compactMap(\.self).joined(separator: " ") }

    /// The GPUs that `nvidia-smi -L` lists, with their instances.
    static func list(from output: String) -> [GPU] {
        var found: [GPU] = []
        for line in output.split(separator: "\n") {
            let words = line.drop { $0 == " " }
            let uuid = line.firstRange(of: "(UUID: ").map { String(line[$0.upperBound...].prefix { $0 != ")" }) }
            if words.hasPrefix("MIG "), let uuid, !found.isEmpty {
                found[found.count - 1].instances.append(uuid)
            } else if line.hasPrefix("GPU "), let colon = line.firstIndex(of: ":"),
                let index = Int(line[..<colon].dropFirst(4))
            {
                let rest = line[colon...].dropFirst()
                let model = (rest.firstRange(of: " (UUID").map { rest[..<$0.lowerBound] } ?? rest).drop { $0 == " " }
                found.append(GPU(index: index, model: String(model), uuid: uuid))
            }
        }
        return found
    }
}
