/// The models whose costs are known by name.
extension ModelCost {
    /// The names that ``known(_:imageSize:)`` takes: networks of torchvision, and the programs of the examples.
    public static let knownNames = [
        "resnet18", "resnet34", "resnet50", "cifar10-resnet18", "fashion-mnist", "mnist-two-machines", "toy",
        "template",
    ]

    /// The costs of a model of ``knownNames``.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - imageSize: height and width of the images of a ResNet; 224 without it, 32 for `cifar10-resnet18`.
    /// - Throws: ``PlanningError`` with `unknownModel`, or `invalidArgument` for an image size that the model cannot have.
    public static func known(_ name: String, imageSize: Int? = nil) throws -> ModelCost {
        switch name {
        case "resnet18", "resnet34", "resnet50", "cifar10-resnet18":
            let isSmall = name == "cifar10-resnet18"
            let size = imageSize ?? (isSmall ? 32 : 224)
            guard (1...8192).contains(size) else {
                throw PlanningError(.invalidArgument, "image size \(size) is not within 1 and 8192")
            }
            let network = isSmall ? "resnet18" : name
            return resNet(
                name, blocks: network == "resnet18" ? [2, 2, 2, 2] : [3, 4, 6, 3],
                isBottleneck: network == "resnet50", classes: isSmall ? 10 : 1000, imageSize: size)
        default: break
        }
        let widths: [String: [Int]] = [
            "fashion-mnist": [784, 512, 512, 10], "mnist-two-machines": [784, 256, 10], "toy": [2, 30, 20, 2],
            "template": [10, 1],
        ]
        guard let layers = widths[name] else {
            throw PlanningError(
                .unknownModel,
                "there is no known model '\(name)'; there are: \(knownNames.joined(separator: ", ")). Any other one can "
                    + "be given by its number of parameters, as --parameters 25M, with --compute.")
        }
        guard imageSize == nil else {
            throw PlanningError(.invalidArgument, "\(name) has inputs of one size; an image size is for ResNets")
        }
        return perceptron(name, widths: layers)
    }

    /// A network of linear layers.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - widths: the inputs of the first layer, then the outputs of each.
    public static func perceptron(_ name: String, widths: [Int]) -> ModelCost {
        let layers = zip(widths, widths.dropFirst()).enumerated().map { index, pair in
            LayerCost.linear("\(index)", pair.0, pair.1, isFirst: index == 0)
        }
        return ModelCost(name: name, layers: layers)
    }

    /// A model of which only the number of parameters is known: 50 layers that are alike.
    ///
    /// Its operations are those of matrix products with one row a sample, 2 for each parameter in the forward pass.
    public static func uniform(parameterCount: Int) -> ModelCost {
        let count = max(1, min(50, parameterCount))
        let layers = (0..<count).map { index in
            let parameters = parameterCount * (index + 1) / count - parameterCount * index / count
            return LayerCost(
                name: "\(index)", parameters: [parameters], forwardOperations: 2 * Double(parameters),
                backwardOperations: (index == 0 ? 2 : 4) * Double(parameters))
        }
        return ModelCost(name: "a model of one's own", layers: layers)
    }
}
