import Foundation

/// Lines on standard error about who is waited for: none at first, then one every 10 seconds.
struct WaitingNotices {
    private static let interval = Duration.seconds(10)
    private var next = ContinuousClock.now + interval

    /// Writes a line if it is time for one, with how long there is still patience.
    mutating func say(_ text: @autoclosure () -> String, until deadline: ContinuousClock.Instant) {
        guard ContinuousClock.now >= next else { return }
        next = .now + Self.interval
        let left = max(0, ContinuousClock.now.duration(to: deadline).milliseconds / 1000)
        FileHandle.standardError.write(Data("\(text()) (\(left) s left)\n".utf8))
    }
}

/// `2 of 3 ranks have joined; rank 1 is missing`.
func joinedInWords(_ worldSize: Int, missing: [Int]) -> String {
    "\(worldSize - missing.count) of \(worldSize) ranks have joined; \(ranksInWords(missing)) "
        + (missing.count == 1 ? "is missing" : "are missing")
}
