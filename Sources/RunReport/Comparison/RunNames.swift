/// Short names by which runs can be told apart.
enum RunNames {
    /// The last parts of each path, as few as make all of them different; the same folder twice is numbered.
    static func distinct(_ paths: [String]) -> [String] {
        let parts = paths.map { $0.split(separator: "/").map(String.init) }
        let deepest = parts.map(\.count).max() ?? 1
        for length in 1...max(deepest, 1) {
            let names = parts.map { $0.isEmpty ? "/" : $0.suffix(length).joined(separator: "/") }
            if Set(names).count == names.count { return names }
        }
        var seen: [String: Int] = [:]
        return paths.map { path in
            seen[path, default: 0] += 1
            let number = seen[path] ?? 1
            return number == 1 ? path : "\(path) (\(number))"
        }
    }
}
