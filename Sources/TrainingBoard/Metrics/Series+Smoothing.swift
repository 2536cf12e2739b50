extension Series {
    /// The exponential moving average, without the pull to zero that its start would have; values that are not finite
    /// stay as they are and do not count.
    ///
    /// - Parameter weight: How much of the average stays at each point, from 0 to less than 1.
    func smoothed(_ weight: Double) -> Series {
        var (average, share) = (0.0, 0.0)
        var result = Series()
        result.reserve(count)
        for (step, value) in zip(steps, values) {
            guard value.isFinite else {
                result.append(Int(step), Double(value))
                continue
            }
            average = weight * average + (1 - weight) * Double(value)
            share = weight * share + (1 - weight)
            result.append(Int(step), average / share)
        }
        return result
    }
}
