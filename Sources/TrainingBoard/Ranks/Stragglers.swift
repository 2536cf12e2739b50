/// Which ranks hold the others up.
enum Stragglers {
    /// What is compared of a rank.
    struct Rank: Sendable {
        var step: Int?
        var stepsPerSecond: Double?
        /// The time that the rank itself takes for a step.
        var ownSeconds: Double?
    }

    /// How much longer than the median rank a straggler takes for its own part of a step.
    static let slowness = 1.5
    /// Differences below this, in seconds, are not worth a mark.
    static let leastSeconds = 0.002
    /// Ranks write at different moments; what may pass between two of them, in seconds, is not a delay.
    static let betweenStatuses = 1.5

    /// A mark in words for each rank, or nil.
    static func marks(_ ranks: [Rank]) -> [String?] {
        // With two ranks the further one is what the other is compared with, and the faster one.
        let step = median(ranks.compactMap { $0.step.map(Double.init) }, upper: true)
        let pace = median(ranks.compactMap(\.stepsPerSecond)) ?? 0
        let own = ranks.count > 1 ? median(ranks.compactMap(\.ownSeconds)) : nil
        return ranks.map { rank in
            if let step, let mine = rank.step, step - Double(mine) > max(2, betweenStatuses * pace) {
                return "\(Int(step) - mine) steps behind"
            }
            if let own, own > 0, let mine = rank.ownSeconds, mine > slowness * own, mine - own > leastSeconds {
                let ratio = (mine / own * 10).rounded() / 10
                return "\(ratio)× slower in its own phases"
            }
            return nil
        }
    }

    private static func median(_ values: [Double], upper: Bool = false) -> Double? {
        let sorted = values.sorted()
        return sorted.isEmpty ? nil : sorted[(sorted.count - (upper ? 0 : 1)) / 2]
    }
}
