/// Names with values as JSON: a row of a run's history, or the latest value of each name.
struct WandbValues: Sendable {
    private var items: [(name: String, json: String)] = []

    /// No values.
    init() {}

    /// The values of a row that was read.
    init(_ history: WandbHistoryRecord) {
        items = history.item.map { ($0.key, $0.valueJson) }
    }

    /// Adds a point's values; one that is there already is replaced.
    mutating func add(_ point: TrackedPoint, since start: Double) {
        set("_step", WandbJSON.text(.integer(point.step)))
        for field in point.record.fields where field.name != "step" && field.name != "seconds" {
            set(field.name, WandbJSON.text(field.value))
        }
        set("_timestamp", WandbJSON.text(.number(point.time)))
        set("_runtime", WandbJSON.text(point.record["seconds"] ?? .number(max(0, point.time - start))))
    }

    /// Adds values; those that are there already are replaced.
    mutating func add(_ others: WandbValues) {
        for item in others.items { set(item.name, item.json) }
    }

    private mutating func set(_ name: String, _ json: String) {
        if let index = items.firstIndex(where: { $0.name == name }) {
            items[index].json = json
        } else {
            items.append((name, json))
        }
    }

    /// The values as the format's items.
    var messages: [WandbItem] { items.map(WandbItem.init) }
}

extension WandbItem {
    /// An item whose name is a single key.
    init(_ name: String, _ json: String) {
        self.init()
        key = name
        valueJson = json
    }
}
