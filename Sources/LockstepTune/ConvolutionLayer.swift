import ArgumentParser

/// The sizes of one convolution of a model, for square images and kernels.
struct ConvolutionLayer: Hashable {
    let inputs: Int
    let outputs: Int
    let image: Int
    let kernel: Int
    let stride: Int
    let padding: Int

    var output: Int { (image + 2 * padding - kernel) / stride + 1 }

    /// Whether its inputs are the model's, which need no gradient.
    var isFirst: Bool { inputs == 3 }

    /// The different convolutions of some models, in the order in which they come.
    ///
    /// - Parameters:
    ///   - models: names, separated by commas.
    ///   - imageSizes: the heights, and widths, of the models' inputs.
    /// - Throws: `ValidationError` for a name that is none of them.
    static func layers(of models: String, imageSizes: [Int]) throws -> [ConvolutionLayer] {
        var found: [ConvolutionLayer] = []
        for name in models.split(separator: ",") {
            let isBottleneck: Bool
            switch name {
            case "resnet18", "resnet34": isBottleneck = false
            case "resnet50": isBottleneck = true
            default:
                throw ValidationError("--models \(name): there are resnet18, resnet34 and resnet50")
            }
            for size in imageSizes {
                found += residualNetwork(isBottleneck: isBottleneck, imageSize: size)
            }
        }
        var seen: Set<ConvolutionLayer> = []
        return found.filter { seen.insert($0).inserted }
    }

    private static func residualNetwork(isBottleneck: Bool, imageSize: Int) -> [ConvolutionLayer] {
        let first = ConvolutionLayer(inputs: 3, outputs: 64, image: imageSize, kernel: 7, stride: 2, padding: 3)
        var layers = [first]
        var image = (first.output + 2 - 3) / 2 + 1
        var inputs = 64
        for stage in 0..<4 {
            let channels = 64 << stage
            let outputs = isBottleneck ? 4 * channels : channels
            let step = stage == 0 ? 1 : 2
            func add(_ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1) {
                layers.append(
                    ConvolutionLayer(
                        inputs: inputs, outputs: outputs, image: image, kernel: kernel, stride: stride,
                        padding: kernel / 2))
                image = layers[layers.count - 1].output
            }
            let before = image
            if step != 1 || inputs != outputs { add(inputs, outputs, 1, stride: step) }
            image = before
            if isBottleneck {
                add(inputs, channels, 1)
                add(channels, channels, 3, stride: step)
                add(channels, outputs, 1)
                add(outputs, channels, 1)
            } else {
                add(inputs, channels, 3, stride: step)
            }
            add(channels, channels, 3)
            inputs = outputs
        }
        return layers
    }
}
