/// What the search, download and unpacking of a data set tell while they work.
public enum DatasetNotice: Sendable, Hashable, CustomStringConvertible {
    /// A sentence for a person, without an end of line.
    case line(String)
    /// How far a download has come; sent at most ten times a second, and at its end.
    case progress(DownloadProgress)

    /// The notice as one line of text.
    public var description: String {
        switch self {
        case .line(let text): text
        case .progress(let progress): progress.description
        }
    }
}

/// How much of a file has arrived.
public struct DownloadProgress: Sendable, Hashable, CustomStringConvertible {
    /// The file's name.
    public let file: String
    /// Bytes on disk, those of an earlier, interrupted download included.
    public let received: Int
    /// Bytes of the whole file.
    public let total: Int

    /// A state of a download.
    public init(file: String, received: Int, total: Int) {
        self.file = file
        self.received = received
        self.total = total
    }

    /// Whether every byte has arrived.
    public var isComplete: Bool { received >= total }

    /// The part that has arrived, from 0 to 1.
    public var fraction: Double { total > 0 ? min(1, Double(received) / Double(total)) : 1 }

    /// File, percentage and sizes.
    public var description: String {
        "downloading \(file): \(Int(fraction * 100)) %, \(byteText(received)) of \(byteText(total))"
    }
}

/// A byte count for people, in decimal units: `9.9 MB`.
func byteText(_ count: Int) -> String {
    guard count >= 1000 else { return "\(count) bytes" }
    var value = Double(count)
    var unit = "bytes"
    for next in ["kB", "MB", "GB", "TB"] where value >= 1000 {
        value /= 1000
        unit = next
    }
    let tenths = Int(value * 10)
    return "\(tenths / 10).\(tenths % 10) \(unit)"
}
