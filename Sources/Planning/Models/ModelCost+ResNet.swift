extension ModelCost {
    /// A residual network as torchvision builds it (He et al., "Deep Residual Learning for Image Recognition", 2015).
    ///
    /// - Parameters:
    ///   - blocks: the number of blocks in each of the four stages.
    ///   - isBottleneck: whether a block is 1×1, 3×3, 1×1 convolutions rather than two of 3×3.
    ///   - imageSize: height and width of the images.
    static func resNet(
        _ name: String, blocks: [Int], isBottleneck: Bool, classes: Int, imageSize: Int
    ) -> ModelCost {
        var layers: [LayerCost] = []
        var channels = 3
        /// A convolution with padding for its kernel, and the normalisation behind it.
        func add(_ name: String, _ outputs: Int, kernel: Int, size: Int, inputs: Int? = nil) {
            let isFirst = layers.isEmpty
            layers.append(
                .convolution(
                    name, inputs ?? channels, outputs, kernel: kernel, area: size * size, isFirst: isFirst))
            layers.append(.normalization("\(name).bn", outputs))
            if inputs == nil { channels = outputs }
        }
        func halved(_ size: Int) -> Int { (size + 1) / 2 }

        var size = halved(imageSize)
        add("conv1", 64, kernel: 7, size: size)
        size = halved(size)  // the pooling
        for (stage, count) in blocks.enumerated() {
            let width = 64 << stage
            let outputs = width * (isBottleneck ? 4 : 1)
            for block in 0..<count {
                let prefix = "layer\(stage + 1).\(block)"
                let inputs = channels
                let before = size
                if block == 0, stage > 0 { size = halved(size) }
                if isBottleneck {
                    // The stride is in the 3×3 convolution.
                    add("\(prefix).conv1", width, kernel: 1, size: before)
                    add("\(prefix).conv2", width, kernel: 3, size: size)
                    add("\(prefix).conv3", outputs, kernel: 1, size: size)
                } else {
                    add("\(prefix).conv1", width, kernel: 3, size: size)
                    add("\(prefix).conv2", width, kernel: 3, size: size)
                }
                if block == 0, stage > 0 || inputs != outputs {
                    add("\(prefix).downsample", outputs, kernel: 1, size: size, inputs: inputs)
                }
            }
        }
        layers.append(.linear("fc", channels, classes))
        let normalizations = layers.filter { $0.name.hasSuffix(".bn") }
        // Mean and variance are float32, the count of batches is an int64; each type is one message.
        let statistics = normalizations.reduce(0) { $0 + $1.parameters.reduce(0, +) * bytesPerElement }
        return ModelCost(name: name, layers: layers, bufferBroadcasts: [statistics, normalizations.count * 8])
    }
}
