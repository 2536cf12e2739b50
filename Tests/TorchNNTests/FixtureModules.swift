import LockstepTesting
import Torch
import TorchNN

/// A layer in PyTorch's words.
struct ModuleDescription {
    let kind: String
    let settings: [String: FixtureValue]

    func int(_ name: String) -> Int { settings[name]?.int ?? 0 }
    func double(_ name: String, _ value: Double) -> Double { settings[name]?.double ?? value }
    func bool(_ name: String, _ value: Bool) -> Bool { settings[name]?.bool ?? value }
    func size(_ name: String, _ value: Size2D) -> Size2D { optionalSize(name) ?? value }
    func optionalSize(_ name: String) -> Size2D? {
        guard let sizes = settings[name]?.ints else { return nil }
        return Size2D(height: sizes[0], width: sizes[sizes.count - 1])
    }
}

/// This library's layer for PyTorch's, with start values from a generator; nil for a layer that it does not have.
func module(_ description: ModuleDescription, generator: Generator) -> (any Layer<Tensor, Tensor>)? {
    let d = description
    switch d.kind {
    case "Linear":
        return Linear(d.int("in_features"), d.int("out_features"), bias: d.bool("bias", true), generator: generator)
    case "Conv2d":
        return Conv2d(
            d.int("in_channels"), d.int("out_channels"), kernelSize: d.size("kernel_size", 1),
            stride: d.size("stride", 1), padding: d.size("padding", 0), dilation: d.size("dilation", 1),
            groups: d.settings["groups"]?.int ?? 1, bias: d.bool("bias", true), generator: generator)
    case "BatchNorm2d":
        var momentum: Double? = 0.1
        if let given = d.settings["momentum"] { momentum = given.double }
        return BatchNorm2d(
            d.int("num_features"), eps: d.double("eps", 1e-5), momentum: momentum, affine: d.bool("affine", true),
            trackRunningStats: d.bool("track_running_stats", true))
    case "LayerNorm":
        return LayerNorm(
            d.settings["normalized_shape"]?.ints ?? [], eps: d.double("eps", 1e-5),
            elementwiseAffine: d.bool("elementwise_affine", true), bias: d.bool("bias", true))
    case "Embedding":
        return Embedding(
            d.int("num_embeddings"), d.int("embedding_dim"), paddingIndex: d.settings["padding_idx"]?.int,
            generator: generator)
    case "MaxPool2d":
        return MaxPool2d(
            kernelSize: d.size("kernel_size", 1), stride: d.optionalSize("stride"), padding: d.size("padding", 0),
            dilation: d.size("dilation", 1), ceilMode: d.bool("ceil_mode", false))
    case "AvgPool2d":
        return AvgPool2d(
            kernelSize: d.size("kernel_size", 1), stride: d.optionalSize("stride"), padding: d.size("padding", 0),
            ceilMode: d.bool("ceil_mode", false), countIncludePad: d.bool("count_include_pad", true))
    case "AdaptiveAvgPool2d": return AdaptiveAvgPool2d(d.size("output_size", 1))
    case "Dropout": return Dropout(d.double("p", 0.5), generator: generator)
    case "Flatten": return Flatten(from: d.settings["start_dim"]?.int ?? 1, to: d.settings["end_dim"]?.int ?? -1)
    case "LogSoftmax": return LogSoftmax(dim: d.int("dim"))
    case "ReLU": return ReLU()
    case "GELU": return GELU(tanhApproximation: d.settings["approximate"]?.string == "tanh")
    case "Sigmoid": return Sigmoid()
    case "Tanh": return Tanh()
    case "Sequential":
        var layers: [any Layer<Tensor, Tensor>] = []
        for part in d.settings["layers"]?.elements ?? [] {
            guard let pair = part.elements, let kind = pair[0].string, let settings = pair[1].entries,
                let layer = module(ModuleDescription(kind: kind, settings: settings), generator: generator)
            else { return nil }
            layers.append(layer)
        }
        return Sequential(layers)
    default: return nil
    }
}
