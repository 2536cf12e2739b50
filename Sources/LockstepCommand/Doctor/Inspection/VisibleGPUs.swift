/// What `CUDA_VISIBLE_DEVICES` leaves of a machine's GPUs.
struct VisibleGPUs: Sendable, Hashable {
    /// How many a program sees.
    let count: Int
    /// What is wrong with the variable, if something is.
    let problem: String?

    /// Reads the variable as CUDA does: numbers, or beginnings of identifiers, up to the first that names no GPU.
    ///
    /// - Parameter variable: nil where it is not set, and all are visible.
    init(of gpus: [GPU], variable: String?) {
        guard let variable else {
            // Of a GPU that is divided a program sees the first instance.
            (count, problem) = (gpus.count, nil)
            return
        }
        var names: [String] = []
        for field in variable.split(separator: ",", omittingEmptySubsequences: false) {
            let word = field.drop { $0 == " " }.prefix { $0 != " " }
            if word.isEmpty || word == "-1" { break }
            guard let name = Self.name(word, of: gpus) else {
                count = names.count
                problem = "\(word) names no GPU of this machine, and CUDA ignores it and all after it"
                return
            }
            guard !names.contains(name) else {
                (count, problem) = (0, "\(word) is named twice, which CUDA refuses")
                return
            }
            names.append(name)
        }
        (count, problem) = (names.count, nil)
    }

    /// The whole identifier, or the number, of what a word names; nil where that is nothing or not one thing alone.
    private static func name(_ word: Substring, of gpus: [GPU]) -> String? {
        if let index = Int(word) {
            return gpus.contains { $0.index == index } ? "\(index)" : nil
        }
        let divided = gpus.flatMap(\.instances).filter { $0.hasPrefix(word) }
        let whole = gpus.filter { $0.uuid?.hasPrefix(word) ?? false }.map { "\($0.index)" }
        let found = word.hasPrefix("MIG-") ? divided : word.hasPrefix("GPU-") ? whole : []
        return found.count == 1 ? found[0] : nil
    }
}
