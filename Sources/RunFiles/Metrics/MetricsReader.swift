/// Reads the lines of a `metrics.jsonl`, also while it grows.
///
/// ```swift
/// var reader = MetricsReader()
/// var place = 0
/// while reader.next(in: bytes, at: &place) { print(reader.line) }    // a line without its end is left for the next time
/// ```
package struct MetricsReader: Sendable {
    /// What a line says.
    package struct Line: Sendable {
        /// The step, which is not negative.
        package var step = 0
        /// The epoch of the step.
        package var epoch: Int?
        /// Since the run's first step began.
        package var seconds: Double?
        /// Whether it is of an evaluation, and not of the step alone.
        package var isEvaluation = false
        /// The numbers under other names, which need not be finite.
        package var values: [Value] = []
    }

    /// A number and its name.
    package struct Value: Sendable {
        /// The name's place in ``MetricsReader/names``.
        package let name: Int
        /// The number.
        package let number: Double
    }

    /// The names of values so far, in the order in which they first occurred.
    package private(set) var names: [String] = []

    /// How many lines were no records with a step.
    package private(set) var unreadableLines = 0

    /// What the last line says that was read.
    package private(set) var line = Line()

    private let mostNames: Int
    private var known: [Name] = []

    private struct Name: Sendable {
        let bytes: [UInt8]
        let isOfEvaluation: Bool
    }

    /// A reader that has read nothing.
    ///
    /// - Parameter mostNames: Values under more names than these are passed over.
    package init(mostNames: Int = .max) { self.mostNames = mostNames }

    /// Reads the next whole line that has a step into ``line``; others are counted.
    ///
    /// - Parameter place: Where to go on in the bytes; at last where a line begins that is not finished.
    /// - Returns: Whether there was one.
    package mutating func next(in bytes: UnsafeRawBufferPointer, at place: inout Int) -> Bool {
        while let bytes = Lines.next(in: bytes, at: &place) {
            var reader = JSONReader(bytes)
            if reader.isAtEnd() { continue }
            let count = names.count
            if read(&reader) { return true }
            names.removeLast(names.count - count)
            known.removeLast(known.count - count)
            unreadableLines += 1
        }
        return false
    }

    /// Fills ``line``; false where there is no record with a step.
    private mutating func read(_ reader: inout JSONReader) -> Bool {
        guard reader.take("{") else { return false }
        line.values.removeAll(keepingCapacity: true)
        (line.epoch, line.seconds, line.isEvaluation) = (nil, nil, false)
        var step: Int?
        repeat {
            guard let name = reader.text(), reader.take(":"), let value = reader.quantity() else { return false }
            guard let value else { continue }
            if name.equals("step") {
                step = Int(step: value)
            } else if name.equals("epoch") {
                line.epoch = Int(exactly: value)
            } else if name.equals("seconds") {
                line.seconds = value
            } else if let place = place(of: name) {
                line.values.append(Value(name: place, number: value))
                if known[place].isOfEvaluation { line.isEvaluation = true }
            }
        } while reader.take(",")
        guard reader.take("}"), reader.isAtEnd(), let step else { return false }
        line.step = step
        return true
    }

    /// The name's place, a new one where it is new; nil where there are too many.
    private mutating func place(of name: JSONText) -> Int? {
        // Fields mostly follow each other as in an earlier line.
        let guess = (line.values.last?.name ?? -1) + 1
        if guess < known.count, name.equals(known[guess].bytes) { return guess }
        if let found = known.firstIndex(where: { name.equals($0.bytes) }) { return found }
        guard known.count < mostNames else { return nil }
        let text = name.string
        names.append(text)
        known.append(
            Name(bytes: Array(name.bytes), isOfEvaluation: text == "accuracy" || text.hasPrefix("evaluation")))
        return known.count - 1
    }
}
