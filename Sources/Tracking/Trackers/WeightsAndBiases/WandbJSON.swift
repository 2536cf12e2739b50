/// JSON as Weights & Biases reads it: numbers that are not finite are written out, as Python does.
enum WandbJSON {
    static func text(_ value: RecordValue) -> String {
        switch value {
        case .number(let number) where !number.isFinite: return notFinite(number)
        case .single(let number) where !number.isFinite: return notFinite(Double(number))
        default:
            var json = JSONBytes()
            json.append(value)
            return String(decoding: json.bytes, as: UTF8.self)
        }
    }

    private static func notFinite(_ number: Double) -> String {
        number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
    }
}
