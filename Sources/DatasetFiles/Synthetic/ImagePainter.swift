/// Paints the images of ``SyntheticImages``: a class's prototype, shifted, dimmed and with noise.
struct ImagePainter: Sendable {
    private let shape: DatasetDescription.ImageShape
    private let classCount: Int
    private let key: (UInt64, UInt64)
    /// The bytes of each class's prototype, plane after plane.
    private let prototypes: [[UInt8]]

    init(dataset: DatasetDescription, seed: UInt64) {
        // FNV-1a, so that two data sets of one seed differ.
        let hash = dataset.name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 }
        let shape = dataset.imageShape
        self.shape = shape
        classCount = dataset.classNames.count
        key = (seed, hash)
        prototypes = (0..<dataset.classNames.count).map { label in
            (0..<shape.channels).flatMap { channel in
                var random = SplitMix64(seed, hash, 0, UInt64(label), UInt64(channel))
                return Self.plane(shape, &random)
            }
        }
    }

    /// The bytes of image `index` of a split.
    func image(_ index: Int, _ split: DatasetSplit) -> [UInt8] {
        var random = SplitMix64(key.0, key.1, split == .train ? 1 : 2, UInt64(index))
        let down = random.next(below: 5) - 2
        let right = random.next(below: 5) - 2
        let brightness = 160 + random.next(below: 97)
        let prototype = prototypes[index % classCount]
        let (height, width) = (shape.height, shape.width)
        return [UInt8](unsafeUninitializedCapacity: shape.byteCount) { bytes, count in
            var noise: UInt64 = 0
            for position in 0..<shape.byteCount {
                if position % 8 == 0 { noise = random.next() }
                let row = position / width % height - down
                let column = position % width - right
                var value = Int(noise & 63) - 32
                noise >>= 8
                if row >= 0, row < height, column >= 0, column < width {
                    let plane = position / (height * width)
                    value += Int(prototype[(plane * height + row) * width + column]) * brightness / 256
                }
                bytes[position] = UInt8(max(0, min(255, value)))
            }
            count = shape.byteCount
        }
    }

    private static func plane(_ shape: DatasetDescription.ImageShape, _ random: inout SplitMix64) -> [UInt8] {
        var sums = [Int](repeating: 0, count: shape.height * shape.width)
        for _ in 0..<6 {
            let centre = (row: random.next(below: shape.height), column: random.next(below: shape.width))
            let radius = 3 + random.next(below: 5)
            let height = 96 + random.next(below: 160)
            for position in sums.indices {
                let down = position / shape.width - centre.row
                let right = position % shape.width - centre.column
                let square = radius * radius + down * down + right * right
                sums[position] += height * radius * radius * radius * radius / (square * square)
            }
        }
        return sums.map { UInt8(min(255, $0)) }
    }
}
