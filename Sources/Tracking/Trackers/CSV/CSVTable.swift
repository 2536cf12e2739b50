/// The rows of a CSV file as they stand in it.
struct CSVTable {
    /// A row: where it begins and ends in the file, and where each of its fields ends.
    struct Row {
        let bytes: Range<Int>
        let fields: [Range<Int>]
    }

    private let file: [UInt8]

    /// All rows that end with a line feed.
    let rows: [Row]

    init(_ file: [UInt8]) {
        var rows: [Row] = []
        var (start, fieldStart) = (0, 0)
        var fields: [Range<Int>] = []
        var isQuoted = false
        for (index, byte) in file.enumerated() {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if isQuoted { continue }
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") {
                fields.append(fieldStart..<index)
                fieldStart = index + 1
            }
            if byte == UInt8(ascii: "\n") {
                rows.append(Row(bytes: start..<index + 1, fields: fields))
                fields = []
                start = index + 1
            }
        }
        self.file = file
        self.rows = rows
    }

    /// A field's text, without the quotation marks.
    func text(_ field: Range<Int>) -> String {
        let text = String(decoding: file[field], as: UTF8.self)
        guard text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count >= 2 else { return text }
        return String(text.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }

    /// The names of the columns.
    var header: [String] { rows.first?.fields.map(text) ?? [] }

    /// How many bytes the header and the rows up to a step have, before the first row of a later one.
    func byteCount(upTo step: Int) -> Int {
        guard let column = header.firstIndex(of: "step") else { return rows.first?.bytes.upperBound ?? 0 }
        for row in rows.dropFirst() {
            guard column < row.fields.count, let own = Int(text(row.fields[column])), own > step else { continue }
            return row.bytes.lowerBound
        }
        return rows.last?.bytes.upperBound ?? 0
    }
}
