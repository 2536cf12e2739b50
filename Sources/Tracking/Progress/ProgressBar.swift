/// The state of some work as one line of text.
///
/// ```
/// Epoch 1/5  45%|█████████        | 844/1875 [00:03<00:04, 250 steps/s, loss 0.4312]
/// ```
///
/// It is a plain value: no clock, no terminal. What does not fit a narrow line is left out, the bar first, then speed,
/// loss, times, description, counts.
public struct ProgressBar: Sendable, Equatable {
    /// How a line is drawn.
    public struct Style: Sendable, Equatable {
        /// Whether there is a bar at all.
        public var hasBar: Bool
        /// Whether the bar is made of Unicode's blocks, or of `#`.
        public var usesUnicode: Bool
        /// Whether the bar is coloured with escape codes.
        public var usesColor: Bool

        /// Creates a style.
        public init(hasBar: Bool = true, usesUnicode: Bool = true, usesColor: Bool = false) {
            self.hasBar = hasBar
            self.usesUnicode = usesUnicode
            self.usesColor = usesColor
        }

        /// Text alone, for files and pipes.
        public static let plain = Style(hasBar: false, usesUnicode: false, usesColor: false)
    }

    /// What is being done, such as `Epoch 1/5`.
    public var description: String
    /// Steps done, those before a resumption included.
    public var completed: Int
    /// Steps in all, or nil where nobody knows.
    public var total: Int?
    /// Seconds since the start, or the resumption.
    public var elapsed: Double
    /// Steps a second, or nil where it is not known yet.
    public var rate: Double?
    /// The latest loss, if any.
    public var loss: Double?
    /// What a step is called, in the singular.
    public var unit: String

    /// Creates a state.
    public init(
        _ description: String, completed: Int = 0, total: Int?, elapsed: Double = 0, rate: Double? = nil,
        loss: Double? = nil, unit: String = "step"
    ) {
        self.description = description
        self.completed = completed
        self.total = total
        self.elapsed = elapsed
        self.rate = rate
        self.loss = loss
        self.unit = unit
    }

    /// Seconds until the end at the present rate, or nil where that is not known.
    public var remaining: Double? {
        guard let total else { return nil }
        if completed >= total { return 0 }
        return rate.map { Double(total - completed) / $0 }
    }

    /// The share done, from 0 to 1, or nil without a total.
    public var fraction: Double? {
        total.map { $0 <= 0 ? 1 : min(1, max(0, Double(completed) / Double($0))) }
    }

    /// The line, at most `width` columns wide and without a line feed.
    public func line(width: Int, style: Style = Style()) -> String {
        ProgressLine(self, width: max(0, width), style: style).text
    }
}
