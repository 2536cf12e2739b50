import LockstepTesting
import Testing
import Torch
import TorchData
import TorchVision

@Suite("Image transforms")
struct TransformTests {
    /// The byte of a pixel in the test images.
    static func pixel(_ image: Int, _ channel: Int, _ row: Int, _ column: Int) -> UInt8 {
        var draw = SampleDraw(seed: 99, epoch: image, sample: (channel * 1000 + row) * 1000 + column)
        return UInt8(draw.integer(below: 256))
    }

    static func images(
        _ count: Int, channels: Int, height: Int, width: Int, _ transform: any ImageTransform
    ) throws -> ImageDataset {
        var pixels: [UInt8] = []
        for image in 0..<count {
            for channel in 0..<channels {
                for row in 0..<height { for column in 0..<width { pixels.append(pixel(image, channel, row, column)) } }
            }
        }
        return try ImageDataset(
            pixels: pixels, labels: (0..<count).map { $0 % 3 }, channels: channels, height: height, width: width,
            classNames: ["a", "b", "c"], transform: transform)
    }

    @Test("bytes are divided by 255, then mean and std are applied, in float32", arguments: [1, 3], [1, 5, 8, 31])
    func arithmetic(channels: Int, width: Int) throws {
        let mean = [0.1307, 0.456, 0.406].prefix(channels).map { $0 }
        let std = [0.3081, 0.224, 0.225].prefix(channels).map { $0 }
        let data = try Self.images(
            4, channels: channels, height: 6, width: width,
            Compose {
                ToTensor()
                Normalize(mean: mean, std: std)
            })
        let (images, labels) = try data.batch(at: [2, 0, 3])
        #expect(images.shape == [3, channels, 6, width])
        #expect(images.dtype == .float32)
        #expect(labels.isEqual(to: [2, 0, 0]))
        let values = images.array(of: Float.self)
        var place = 0
        for image in [2, 0, 3] {
            for channel in 0..<channels {
                for row in 0..<6 {
                    for column in 0..<width {
                        let unit = Float(Self.pixel(image, channel, row, column)) / 255
                        let expected = (unit - Float(mean[channel])) / Float(std[channel])
                        #expect(values[place].bitPattern == expected.bitPattern)
                        place += 1
                    }
                }
            }
        }
    }

    @Test("without ToTensor a batch has bytes")
    func bytes() throws {
        let data = try Self.images(2, channels: 3, height: 4, width: 5, Compose {})
        let images = try data.batch(at: [1]).0
        #expect(images.dtype == .uint8)
        #expect(images[0, 2, 3, 4].item(as: Int.self) == Int(Self.pixel(1, 2, 3, 4)))
    }

    @Test("a flip mirrors every row, of bytes and of real numbers", arguments: [1, 7, 8, 9, 16, 28, 33])
    func flip(width: Int) throws {
        let plain = try Self.images(3, channels: 2, height: 3, width: width, ToTensor()).batch(at: [0, 1, 2]).0
        for transforms: [any ImageTransform] in [
            [RandomHorizontalFlip(p: 1), ToTensor()], [ToTensor(), RandomHorizontalFlip(p: 1)],
        ] {
            let data = try Self.images(3, channels: 2, height: 3, width: width, Compose(transforms))
            #expect(try data.batch(at: [0, 1, 2]).0.isEqual(to: plain.flip(dims: [3])))
        }
        let never = try Self.images(
            3, channels: 2, height: 3, width: width, Compose([RandomHorizontalFlip(p: 0), ToTensor()]))
        #expect(try never.batch(at: [0, 1, 2]).0.isEqual(to: plain))
    }

    @Test(
        "a crop is a window of the padded image, before and after ToTensor",
        arguments: [(8, 8, 4), (5, 9, 2), (14, 14, 3), (3, 2, 0), (1, 1, 9)])
    func crop(height: Int, width: Int, padding: Int) throws {
        let count = 40
        let all = BatchIndices(0..<count, epoch: 1, seed: 5)
        let plain = try Self.images(count, channels: 3, height: 8, width: 8, ToTensor()).batch(at: all).0
        let padded = plain.pad([padding, padding, padding, padding])
        let crop = RandomCrop(height: height, width: width, padding: padding)
        let early = try Self.images(count, channels: 3, height: 8, width: 8, Compose([crop, ToTensor()])).batch(at: all)
            .0
        #expect(early.shape == [count, 3, height, width])
        for sample in 0..<count {
            var draw = SampleDraw(seed: 5, epoch: 1, sample: sample).stream(0)
            let top = draw.integer(below: 8 + 2 * padding - height + 1)
            let left = draw.integer(below: 8 + 2 * padding - width + 1)
            let window = padded[sample, .all, top..<top + height, left..<left + width]
            #expect(early[sample].isEqual(to: window), "sample \(sample) at \(top), \(left)")
        }
        // The same place of the pipeline gives the same draws, so the order of the two steps shows no difference.
        struct Nothing: ImageTransform {
            func apply(to image: inout ImageSample, draw: inout SampleDraw) {}
        }
        let late = try Self.images(count, channels: 3, height: 8, width: 8, Compose([ToTensor(), crop])).batch(at: all)
            .0
        let shifted = try Self.images(count, channels: 3, height: 8, width: 8, Compose([Nothing(), crop, ToTensor()]))
            .batch(at: all).0
        #expect(late.isEqual(to: shifted))
    }

    @Test("a border has the fill, also where the image is outside of the window")
    func fill() throws {
        let data = try Self.images(
            200, channels: 1, height: 1, width: 1, Compose([RandomCrop(1, padding: 1, fill: 7)]))
        let values = try data.batch(at: BatchIndices(0..<200)).0.array(of: Int.self)
        let stored = (0..<200).map { Int(Self.pixel($0, 0, 0, 0)) }
        #expect(zip(values, stored).allSatisfy { $0 == 7 || $0 == $1 })
        #expect(values.count { $0 == 7 } > 150)
        #expect(zip(values, stored).contains { $0 == $1 && $1 != 7 })
    }

    @Test("what is random depends on seed, epoch and sample, not on the batch or the worker")
    func randomnessIsTheSamples() throws {
        let data = try Self.images(
            24, channels: 3, height: 8, width: 8,
            Compose {
                RandomCrop(8, padding: 4)
                RandomHorizontalFlip()
                ToTensor()
            })
        let together = try data.batch(at: BatchIndices(0..<24, epoch: 2, seed: 3)).0
        for sample in 0..<24 {
            let alone = try data.batch(at: BatchIndices([sample], epoch: 2, seed: 3)).0
            #expect(alone[0].isEqual(to: together[sample]))
        }
        let reversed = try data.batch(at: BatchIndices((0..<24).reversed(), epoch: 2, seed: 3)).0
        #expect(reversed.flip(dims: [0]).isEqual(to: together))
        #expect(!(try data.batch(at: BatchIndices(0..<24, epoch: 3, seed: 3)).0.isEqual(to: together)))
        #expect(!(try data.batch(at: BatchIndices(0..<24, epoch: 2, seed: 4)).0.isEqual(to: together)))
        for workers in [0, 1, 4] {
            let loader = DataLoader(data, batchSize: 5, shuffle: false, seed: 3, workers: workers)
            let iterator = loader.batches(epoch: 2)
            var parts: [Tensor] = []
            while let (images, _) = try iterator.next() { parts.append(images) }
            #expect(Tensor.cat(parts).isEqual(to: together), "\(workers) workers")
        }
    }

    @Test("a transform of one's own changes images in place, whatever stands beside it")
    func ownTransform() throws {
        struct Invert: ImageTransform {
            func apply(to image: inout ImageSample, draw: inout SampleDraw) {
                image.modify { bytes in
                    for index in bytes.indices { bytes[index] = 255 - bytes[index] }
                }
            }
        }
        struct Widen: ImageTransform {
            func output(of input: ImageFormat) -> ImageFormat {
                ImageFormat(
                    channels: input.channels, height: input.height, width: 40 * input.width, element: input.element)
            }
            func apply(to image: inout ImageSample, draw: inout SampleDraw) {
                let width = image.format.width
                image.replace(as: output(of: image.format)) { old, new in
                    for index in new.indices { new[index] = old[index / (40 * width) * width + index % width] }
                }
            }
        }
        let plain = try Self.images(2, channels: 1, height: 4, width: 6, Compose {}).batch(at: [0, 1]).0
        let twice = try Self.images(2, channels: 1, height: 4, width: 6, Compose([Invert(), Compose([Invert()])]))
        #expect(try twice.batch(at: [0, 1]).0.isEqual(to: plain))
        // The step in between needs more memory than the first and the last image.
        let wide = try Self.images(
            2, channels: 1, height: 4, width: 6,
            Compose([Invert(), Widen(), Invert(), RandomCrop(height: 4, width: 6)]))
        let cropped = try wide.batch(at: [0, 1]).0
        for row in 0..<4 {
            let found = Set(cropped[0, 0, row].array(of: Int.self))
            #expect(found == Set((0..<6).map { Int(Self.pixel(0, 0, row, $0)) }))
        }
    }

    @Test("a pipeline that does not fit the images is an error when the data set is made")
    func unfitting() {
        let cases: [(TransformError.Code, [any ImageTransform])] = [
            (.wrongChannels, [ToTensor(), Normalize(mean: [0.5], std: [0.5])]),
            (.wrongChannels, [ToTensor(), Normalize(mean: [0.5, 0.5, 0.5], std: [0.5])]),
            (.wrongElement, [Normalize(mean: [0, 0, 0], std: [1, 1, 1])]),
            (.wrongElement, [ToTensor(), ToTensor()]),
            (.invalidValue, [ToTensor(), Normalize(mean: [0, 0, 0], std: [1, 0, 1])]),
            (.wrongSize, [RandomCrop(17, padding: 4)]),
            (.invalidValue, [RandomCrop(0)]),
            (.invalidValue, [RandomCrop(4, padding: -1)]),
            (.invalidValue, [RandomCrop(4, padding: 1, fill: 0.5)]),
            (.invalidValue, [RandomHorizontalFlip(p: 1.5)]),
            (.invalidValue, [RandomHorizontalFlip(p: .nan)]),
        ]
        for (code, transforms) in cases {
            let error = #expect(throws: TransformError.self) {
                try Self.images(1, channels: 3, height: 8, width: 8, Compose(transforms))
            }
            #expect(error?.code == code, "\(transforms)")
        }
    }
}
