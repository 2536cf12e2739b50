/// What the system's files tell of NVIDIA's driver and its GPUs.
struct NVIDIADriver: Sendable {
    /// The driver's version, such as `550.54.15`; nil where it is not loaded.
    let version: String?
    /// The GPUs whose device files are here.
    let gpus: [GPU]

    /// Looks below `root`, which is empty for this machine.
    init(root: String = "") {
        let folder = root + "/proc/driver/nvidia"
        version = SmallFile.text(folder + "/version").map { text in
            // NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024
            text.split(whereSeparator: \.isWhitespace).first { word in
                word.contains(".") && word.allSatisfy { $0.isNumber || $0 == "." }
            }.map(String.init) ?? "of unknown version"
        }
        let numbers = SmallFile.names(in: root + "/dev").compactMap { name in
            name.hasPrefix("nvidia") ? Int(name.dropFirst(6)) : nil
        }
        var known: [Int: GPU] = [:]
        for slot in SmallFile.names(in: folder + "/gpus") {
            let fields = Self.fields(SmallFile.text("\(folder)/gpus/\(slot)/information") ?? "")
            guard let number = fields["Device Minor"].flatMap({ Int($0) }) else { continue }
            known[number] = GPU(index: number, model: fields["Model"], uuid: fields["GPU UUID"])
        }
        gpus = numbers.sorted().map { known[$0] ?? GPU(index: $0, model: nil, uuid: nil) }
    }

    /// Lines such as `Model:    NVIDIA H200`.
    private static func fields(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[colon...].dropFirst().drop(while: \.isWhitespace))
        }
        return fields
    }
}
