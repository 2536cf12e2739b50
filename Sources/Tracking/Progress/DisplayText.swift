/// A text as a terminal shows it on one line: without control characters, and with the columns that it takes.
struct DisplayText {
    let text: String

    /// The columns that the text takes.
    let width: Int

    /// Replaces control characters, line feeds among them, by spaces.
    init(_ text: String) {
        self.text = String(text.map { Self.isControl($0) ? " " : $0 })
        self.width = self.text.reduce(0) { $0 + Self.columns(of: $1) }
    }

    /// The text, or its start with an ellipsis, in at most `columns` columns.
    func cut(to columns: Int, ellipsis: String) -> String {
        guard width > columns else { return text }
        var left = columns - ellipsis.count
        guard left >= 0 else { return "" }
        var start = ""
        for character in text {
            left -= Self.columns(of: character)
            if left < 0 { break }
            start.append(character)
        }
        return start + ellipsis
    }

    private static func isControl(_ character: Character) -> Bool {
        character.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// East Asian characters and emoji take two columns; everything else is counted as one.
    private static func columns(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            return 2
        default:
            return 1
        }
    }
}
