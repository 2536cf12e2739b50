import Glibc

/// How fast work goes, with the last few seconds counting most.
///
/// Steps and time are each summed with weights that fade over ``fading`` seconds; the rate is their quotient. Constant
/// work gives its exact rate from the first observation on, and a slow first step is soon forgotten.
struct ProgressRate: Sendable {
    /// The seconds after which an observation counts for 1/e.
    static let fading = 5.0

    private var steps = 0.0
    private var seconds = 0.0

    /// Takes in that so many steps took so many seconds.
    mutating func observe(steps: Int, seconds: Double) {
        let kept = exp(-seconds / Self.fading)
        self.steps = kept * self.steps + Double(steps)
        self.seconds = kept * self.seconds + seconds
    }

    /// Steps a second, or nil before anything was done.
    var perSecond: Double? { steps > 0 && seconds > 0 ? steps / seconds : nil }
}
