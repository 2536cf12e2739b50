/// Names with values, in an order that is kept: one line of `metrics.jsonl`, or the contents of `config.json`.
///
/// ```swift
/// var record: MetricsRecord = ["step": 100, "epoch": 1]
/// record["loss"] = .single(0.25)
/// ```
public struct MetricsRecord: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// A name and its value.
    public struct Field: Sendable, Equatable {
        /// The name, only once in a record.
        public let name: String
        /// The value.
        public let value: RecordValue
    }

    /// The fields, in the order in which they were first set.
    public private(set) var fields: [Field] = []

    /// A record without fields.
    public init() {}

    /// A record of these fields; where a name occurs twice, the later value stands in the earlier place.
    public init(dictionaryLiteral elements: (String, RecordValue)...) {
        fields.reserveCapacity(elements.count)
        for (name, value) in elements { self[name] = value }
    }

    /// The value of a name; a new name goes to the end, and nil removes the field.
    public subscript(_ name: String) -> RecordValue? {
        get { fields.first { $0.name == name }?.value }
        set {
            let index = fields.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): fields[index] = Field(name: name, value: value)
            case (let index?, nil): fields.remove(at: index)
            case (nil, let value?): fields.append(Field(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}
