/// The spelling of Prometheus' text format.
enum PrometheusText {
    /// A name with `_` for every character that may not be in one.
    static func name(_ text: String) -> String {
        let name = String(text.map { isAllowed($0) ? $0 : "_" })
        return name.first.map { $0.isNumber } ?? true ? "_\(name)" : name
    }

    /// Labels in braces, or nothing where there are none.
    static func labels(_ dimensions: [(String, String)]) -> String {
        if dimensions.isEmpty { return "" }
        let labels = dimensions.map { key, value in
            "\(name(key).replacing(":", with: "_"))=\"\(escaped(value))\""
        }
        return "{\(labels.joined(separator: ","))}"
    }

    /// A number; whole ones without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int(exactly: value) { return "\(whole)" }
        return "\(value)"
    }

    private static func isAllowed(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber) || character == "_" || character == ":"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
