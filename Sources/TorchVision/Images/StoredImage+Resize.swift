extension StoredImage {
    /// The image in another size: each new pixel is the mean of the area that it covers in the old image.
    ///
    /// - Parameters:
    ///   - height: the new rows, at least 1.
    ///   - width: the new columns, at least 1.
    public func resized(height: Int, width: Int) -> StoredImage {
        if height == self.height, width == self.width { return self }
        let (rows, columns) = (
            AreaShare.shares(of: self.height, to: height), AreaShare.shares(of: self.width, to: width)
        )
        var result: [UInt8] = []
        result.reserveCapacity(channels * height * width)
        var narrow = [Float](repeating: 0, count: self.height * width)
        for channel in 0..<channels {
            let plane = channel * self.height * self.width
            for row in 0..<self.height {
                let start = plane + row * self.width
                for (column, share) in columns.enumerated() {
                    var sum: Float = 0
                    for (offset, weight) in share.weights.enumerated() {
                        sum += weight * Float(pixels[start + share.first + offset])
                    }
                    narrow[row * width + column] = sum
                }
            }
            for share in rows {
                for column in 0..<width {
                    var sum: Float = 0
                    for (offset, weight) in share.weights.enumerated() {
                        sum += weight * narrow[(share.first + offset) * width + column]
                    }
                    result.append(UInt8(min(max(sum + 0.5, 0), 255)))
                }
            }
        }
        return StoredImage(channels: channels, height: height, width: width, pixels: result)
    }
}

/// What part of a new row or column each of the old ones makes up.
private struct AreaShare {
    /// The first old one that takes part.
    let first: Int
    /// The parts of it and of those after it; their sum is 1.
    let weights: [Float]

    static func shares(of old: Int, to new: Int) -> [AreaShare] {
        // In units of 1 / new of an old one, all bounds are integers.
        (0..<new).map { index in
            let (begin, end) = (index * old, (index + 1) * old)
            let (first, last) = (begin / new, (end - 1) / new)
            let weights = (first...last).map { place in
                Float(min(end, (place + 1) * new) - max(begin, place * new)) / Float(old)
            }
            return AreaShare(first: first, weights: weights)
        }
    }
}
