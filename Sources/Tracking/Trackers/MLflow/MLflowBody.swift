/// What is sent to MLflow.
enum MLflowBody {
    /// An object of these fields; lists of objects are put together with ``list(_:)``.
    static func object(_ fields: [(String, Field)]) -> JSONBytes {
        var json = JSONBytes()
        append(fields, to: &json)
        return json
    }

    /// A value of a field.
    indirect enum Field {
        case value(RecordValue)
        case list([[(String, Field)]])
    }

    private static func append(_ fields: [(String, Field)], to json: inout JSONBytes) {
        json.append(raw: "{")
        for (index, field) in fields.enumerated() {
            if index > 0 { json.append(raw: ",") }
            json.append(text: field.0)
            json.append(raw: ":")
            switch field.1 {
            case .value(let value): json.append(value)
            case .list(let objects):
                json.append(raw: "[")
                for (index, object) in objects.enumerated() {
                    if index > 0 { json.append(raw: ",") }
                    append(object, to: &json)
                }
                json.append(raw: "]")
            }
        }
        json.append(raw: "}")
    }

    /// A list of keys with values, as tags and parameters are.
    static func pairs(_ pairs: [(String, String)]) -> Field {
        .list(pairs.map { [("key", .value(.text($0.0))), ("value", .value(.text($0.1)))] })
    }

    /// A list of points.
    static func metrics(_ metrics: some Sequence<MLflowAnswer.Metric>) -> Field {
        .list(
            metrics.map { metric in
                [
                    ("key", .value(.text(metric.key))), ("value", .value(.number(metric.value))),
                    ("timestamp", .value(.integer(metric.timestamp))), ("step", .value(.integer(metric.step))),
                ]
            })
    }

    /// A name with nothing in it but what MLflow takes in names.
    static func name(_ text: String) -> String {
        String(
            text.prefix(250).map { character in
                character.isLetter && character.isASCII || character.isNumber && character.isASCII
                    || "_-. :/".contains(character) ? character : "_"
            })
    }

    /// A configuration's values as parameters.
    static func parameters(_ configuration: MetricsRecord) -> [(String, String)] {
        configuration.fields.map { field in
            if case .text(let text) = field.value { return (name(field.name), String(text.prefix(6000))) }
            var json = JSONBytes()
            json.append(field.value)
            return (name(field.name), String(String(decoding: json.bytes, as: UTF8.self).prefix(6000)))
        }
    }
}
