/// What a request asks for behind the question mark.
struct BoardQuery: Sendable, Equatable {
    private let values: [String: [String]]

    init(_ query: String?) {
        var values: [String: [String]] = [:]
        for part in (query ?? "").split(separator: "&").prefix(256) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(pair[0]), let value = Self.decoded(pair.count > 1 ? pair[1] : "") else {
                continue
            }
            values[name, default: []].append(value)
        }
        self.values = values
    }

    /// All values of a name.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    subscript(_ name: String) -> String? { values[name]?.first }

    /// A whole number; nil where there is none, or something else.
    func whole(_ name: String) -> Int? { self[name].flatMap { Int($0) } }

    /// A number; nil where there is none, or something else.
    func number(_ name: String) -> Double? { self[name].flatMap { Double($0) } }

    /// The text that percent signs and digits stand for; nil where it is none.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
