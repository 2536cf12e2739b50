/// Slurm's notation for hosts, such as `node[01-03,7],gpu-a`.
enum HostList {
    /// More hosts than any cluster has; a longer list is a mistake.
    private static let limit = 1 << 17

    /// The hosts in their order, never none.
    ///
    /// - Parameters:
    ///   - text: the list.
    ///   - name: the variable that has it, for errors.
    /// - Throws: ``RankProtocolError`` with `malformedVariable`.
    static func expand(_ text: String, of name: String) throws -> [String] {
        let malformed = RankProtocolError(
            .malformedVariable, "\(name) is \"\(text)\": expected a list of hosts such as node[01-03,7],gpu-a.")
        var hosts: [String] = []
        for part in parts(text) {
            guard let more = expand(part), hosts.count + more.count <= limit else { throw malformed }
            hosts += more
        }
        return hosts
    }

    /// The list's items, at commas outside brackets.
    private static func parts(_ text: String) -> [Substring] {
        var depth = 0
        return text.split(omittingEmptySubsequences: false) { character in
            depth += character == "[" ? 1 : character == "]" ? -1 : 0
            return character == "," && depth == 0
        }
    }

    /// The hosts of one item, which may have several brackets; nil where it is malformed.
    private static func expand(_ item: Substring) -> [String]? {
        guard !item.isEmpty else { return nil }
        guard let open = item.firstIndex(of: "[") else {
            return item.contains { $0 == "]" || $0.isWhitespace } ? nil : [String(item)]
        }
        let prefix = item[..<open]
        guard let close = item[open...].firstIndex(of: "]"), !prefix.contains("]") else { return nil }
        let rest = item[item.index(after: close)...]
        guard let tails = rest.isEmpty ? [""] : expand(rest) else { return nil }
        var hosts: [String] = []
        for range in item[item.index(after: open)..<close].split(separator: ",", omittingEmptySubsequences: false) {
            guard let numbers = numbers(range), (hosts.count + numbers.count * tails.count) <= limit else { return nil }
            for number in numbers { hosts += tails.map { prefix + number + $0 } }
        }
        return hosts
    }

    /// `01`, `02`, `03` of `01-03`.
    private static func numbers(_ range: Substring) -> [String]? {
        let ends = range.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count), ends.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) } }),
            let first = Int(ends[0]), let last = Int(ends[ends.count - 1]), first <= last, last - first < limit
        else { return nil }
        return (first...last).map { number in
            let digits = String(number)
            return String(repeating: "0", count: max(0, ends[0].count - digits.count)) + digits
        }
    }
}

/// Slurm's notation for numbers of tasks, such as `2(x3),1`.
enum TaskCounts {
    /// The number for each node.
    ///
    /// - Parameters:
    ///   - text: the list.
    ///   - name: the variable that has it, for errors.
    /// - Throws: ``RankProtocolError`` with `malformedVariable`.
    static func expand(_ text: String, of name: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).flatMap { item in
            let parts = item.split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
            var times: Int? = 1
            if parts.count == 2 {
                times = parts[1].hasPrefix("x") && parts[1].hasSuffix(")") ? Int(parts[1].dropFirst().dropLast()) : nil
            }
            guard let first = parts.first, let count = Int(first), let times, (1...1 << 20).contains(count),
                (1...1 << 17).contains(times)
            else {
                throw RankProtocolError(
                    .malformedVariable, "\(name) is \"\(text)\": expected numbers of tasks such as 2(x3),1.")
            }
            return Array(repeating: count, count: times)
        }
    }
}
