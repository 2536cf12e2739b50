public import TorchData

/// The image mirrored left to right with a probability (torchvision's `RandomHorizontalFlip`).
public struct RandomHorizontalFlip: ImageTransform {
    /// How often an image is mirrored, from 0 to 1.
    public let probability: Double

    /// A flip.
    ///
    /// - Parameter p: the probability, from 0 (never) to 1 (always).
    public init(p: Double = 0.5) {
        self.probability = p
    }

    /// True, unless it never or always mirrors.
    public var isRandom: Bool { probability > 0 && probability < 1 }

    /// The same format.
    ///
    /// - Throws: ``TransformError`` with `invalidValue` for a number that is no probability.
    public func output(of input: ImageFormat) throws -> ImageFormat {
        guard (0...1).contains(probability) else {
            throw TransformError(
                .invalidValue, "RandomHorizontalFlip(p: \(probability)): a probability is a number from 0 to 1.")
        }
        return input
    }

    /// Draws, and mirrors each row.
    public func apply(to image: inout ImageSample, draw: inout SampleDraw) {
        guard draw.happens(withProbability: probability) else { return }
        let format = image.format
        image.replace(as: format) { old, new in
            switch format.element {
            case .uint8: mirrorBytes(old, new, width: format.width)
            case .float32: mirrorFloats(old, new, width: format.width)
            }
        }
    }

    /// Eight bytes are reversed at a time.
    private func mirrorBytes(_ old: UnsafeRawBufferPointer, _ new: UnsafeMutableRawBufferPointer, width: Int) {
        guard let source = old.baseAddress, let target = new.baseAddress else { return }
        for start in stride(from: 0, to: old.count, by: width) {
            let row = source + start
            let end = target + start + width
            var column = 0
            while column + 8 <= width {
                let eight = row.loadUnaligned(fromByteOffset: column, as: UInt64.self)
                (end - column - 8).storeBytes(of: eight.byteSwapped, as: UInt64.self)
                column += 8
            }
            while column < width {
                (end - column - 1).storeBytes(of: row.load(fromByteOffset: column, as: UInt8.self), as: UInt8.self)
                column += 1
            }
        }
    }

    private func mirrorFloats(_ old: UnsafeRawBufferPointer, _ new: UnsafeMutableRawBufferPointer, width: Int) {
        guard let source = old.baseAddress, let target = new.baseAddress else { return }
        let elements = source.assumingMemoryBound(to: Float.self)
        let mirrored = target.bindMemory(to: Float.self, capacity: old.count / 4)
        for start in stride(from: 0, to: old.count / 4, by: width) {
            let (row, last) = (elements + start, mirrored + (start + width - 1))
            for column in 0..<width { last[-column] = row[column] }
        }
    }
}
