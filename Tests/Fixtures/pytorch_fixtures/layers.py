"""Layers: initial state, then forward and backward passes with fixed inputs and output gradients."""

import torch
from torch import nn

from .files import Collection, Values, name_seed

NORMALIZATIONS = (nn.BatchNorm2d, nn.LayerNorm)


def conv(name, shape, **configuration):
    return (f"conv2d_{name}", "Conv2d", configuration, [("train", shape)])


def three_passes(shape):
    return [("train", shape), ("train", shape), ("eval", shape)]


CASES = [
    ("linear", "Linear", dict(in_features=7, out_features=5), [("train", (4, 7))]),
    ("linear_no_bias", "Linear", dict(in_features=7, out_features=5, bias=False), [("train", (4, 7))]),
    ("linear_vector", "Linear", dict(in_features=7, out_features=5), [("train", (7,))]),
    ("linear_3d_input", "Linear", dict(in_features=6, out_features=3), [("train", (2, 3, 6))]),
    conv("plain", (2, 3, 6, 7), in_channels=3, out_channels=4, kernel_size=3),
    conv("no_bias", (2, 3, 6, 7), in_channels=3, out_channels=4, kernel_size=3, bias=False),
    conv("1x1", (2, 4, 5, 5), in_channels=4, out_channels=3, kernel_size=1),
    conv("1x1_stride", (2, 4, 5, 5), in_channels=4, out_channels=3, kernel_size=1, stride=2, bias=False),
    conv("stride_padding", (2, 3, 7, 7), in_channels=3, out_channels=4, kernel_size=3, stride=2, padding=1),
    conv("7x7", (1, 3, 9, 9), in_channels=3, out_channels=2, kernel_size=7, stride=2, padding=3, bias=False),
    conv("dilation", (2, 2, 8, 8), in_channels=2, out_channels=3, kernel_size=3, dilation=2, padding=1),
    conv("groups", (2, 4, 5, 5), in_channels=4, out_channels=6, kernel_size=3, groups=2, padding=1),
    conv("depthwise", (2, 3, 5, 5), in_channels=3, out_channels=6, kernel_size=3, groups=3, padding=1),
    conv("rectangular", (2, 2, 6, 5), in_channels=2, out_channels=3, kernel_size=(3, 2), stride=(2, 1),
         padding=(1, 0), dilation=(1, 2)),
    conv("image_1x1", (3, 4, 1, 1), in_channels=4, out_channels=5, kernel_size=3, padding=1, bias=False),
    conv("image_2x2", (3, 4, 2, 2), in_channels=4, out_channels=5, kernel_size=3, padding=1, bias=False),
    conv("image_2x2_stride", (3, 4, 2, 2), in_channels=4, out_channels=5, kernel_size=3, stride=2, padding=1,
         bias=False),
    ("batch_norm", "BatchNorm2d", dict(num_features=3), three_passes((4, 3, 3, 2))),
    ("batch_norm_momentum", "BatchNorm2d", dict(num_features=3, momentum=0.3, eps=1e-3), three_passes((4, 3, 3, 2))),
    ("batch_norm_cumulative", "BatchNorm2d", dict(num_features=3, momentum=None), three_passes((4, 3, 3, 2))),
    ("batch_norm_not_affine", "BatchNorm2d", dict(num_features=3, affine=False), three_passes((4, 3, 3, 2))),
    ("batch_norm_no_running_stats", "BatchNorm2d", dict(num_features=3, track_running_stats=False),
     three_passes((4, 3, 3, 2))),
    ("batch_norm_one_channel", "BatchNorm2d", dict(num_features=1), three_passes((5, 1, 2, 3))),
    ("max_pool", "MaxPool2d", dict(kernel_size=2), [("train", (2, 2, 6, 5))]),
    ("max_pool_resnet", "MaxPool2d", dict(kernel_size=3, stride=2, padding=1), [("train", (2, 2, 7, 6))]),
    ("max_pool_overlapping", "MaxPool2d", dict(kernel_size=3, stride=1), [("train", (1, 2, 5, 5))]),
    ("max_pool_ceil", "MaxPool2d", dict(kernel_size=2, stride=2, ceil_mode=True), [("train", (2, 2, 5, 7))]),
    ("max_pool_rectangular", "MaxPool2d", dict(kernel_size=(2, 3), stride=(1, 2), padding=(0, 1)),
     [("train", (2, 2, 5, 6))]),
    ("avg_pool", "AvgPool2d", dict(kernel_size=2), [("train", (2, 2, 6, 5))]),
    ("avg_pool_padding_counted", "AvgPool2d", dict(kernel_size=3, stride=2, padding=1, count_include_pad=True),
     [("train", (2, 2, 6, 5))]),
    ("avg_pool_padding_not_counted", "AvgPool2d", dict(kernel_size=3, stride=2, padding=1, count_include_pad=False),
     [("train", (2, 2, 6, 5))]),
    ("avg_pool_ceil", "AvgPool2d", dict(kernel_size=2, stride=2, ceil_mode=True), [("train", (2, 2, 5, 5))]),
    ("adaptive_avg_pool_1x1", "AdaptiveAvgPool2d", dict(output_size=(1, 1)), [("train", (2, 3, 4, 5))]),
    ("adaptive_avg_pool_3x2", "AdaptiveAvgPool2d", dict(output_size=(3, 2)), [("train", (2, 2, 5, 7))]),
    ("relu", "ReLU", {}, [("train", (4, 9))]),
    ("gelu", "GELU", dict(approximate="none"), [("train", (4, 9))]),
    ("gelu_tanh", "GELU", dict(approximate="tanh"), [("train", (4, 9))]),
    ("sigmoid", "Sigmoid", {}, [("train", (4, 9))]),
    ("tanh", "Tanh", {}, [("train", (4, 9))]),
    ("dropout", "Dropout", dict(p=0.3), [("train", (6, 10)), ("train", (6, 10)), ("eval", (6, 10))]),
    ("dropout_few_values", "Dropout", dict(p=0.3), [("train", (2, 3))]),
    ("dropout_zero", "Dropout", dict(p=0.0), [("train", (6, 10))]),
    ("dropout_one", "Dropout", dict(p=1.0), [("train", (6, 10))]),
    ("flatten", "Flatten", {}, [("train", (2, 3, 2, 4))]),
    ("flatten_inner", "Flatten", dict(start_dim=2, end_dim=3), [("train", (2, 3, 2, 4, 2))]),
    ("layer_norm", "LayerNorm", dict(normalized_shape=(6,)), [("train", (4, 6))]),
    ("layer_norm_two_dimensions", "LayerNorm", dict(normalized_shape=(3, 4)), [("train", (2, 5, 3, 4))]),
    ("layer_norm_not_affine", "LayerNorm", dict(normalized_shape=(6,), elementwise_affine=False),
     [("train", (2, 3, 6))]),
    ("layer_norm_no_bias", "LayerNorm", dict(normalized_shape=(6,), bias=False), [("train", (4, 6))]),
    ("layer_norm_eps", "LayerNorm", dict(normalized_shape=(2, 3, 4), eps=1e-2), [("train", (3, 2, 3, 4))]),
    ("embedding", "Embedding", dict(num_embeddings=6, embedding_dim=4), [("train", (3, 5))]),
    ("embedding_padding", "Embedding", dict(num_embeddings=6, embedding_dim=4, padding_idx=2), [("train", (3, 5))]),
    ("log_softmax", "LogSoftmax", dict(dim=1), [("train", (4, 7))]),
    ("log_softmax_last", "LogSoftmax", dict(dim=-1), [("train", (2, 3, 5))]),
    ("log_softmax_images", "LogSoftmax", dict(dim=1), [("train", (2, 3, 2, 2))]),
    ("sequential_perceptron", "Sequential", dict(layers=[
        ["Flatten", {}],
        ["Linear", dict(in_features=12, out_features=8)],
        ["ReLU", {}],
        ["Linear", dict(in_features=8, out_features=5)],
        ["LogSoftmax", dict(dim=1)],
    ]), [("train", (4, 1, 3, 4))]),
    ("sequential_convolution", "Sequential", dict(layers=[
        ["Conv2d", dict(in_channels=2, out_channels=4, kernel_size=3, padding=1, bias=False)],
        ["BatchNorm2d", dict(num_features=4)],
        ["ReLU", {}],
        ["MaxPool2d", dict(kernel_size=2)],
        ["Flatten", {}],
        ["Linear", dict(in_features=16, out_features=3)],
    ]), [("train", (3, 2, 4, 4)), ("eval", (3, 2, 4, 4))]),
]


def build(kind, configuration):
    if kind == "Sequential":
        return nn.Sequential(*[build(*layer) for layer in configuration["layers"]])
    return getattr(nn, kind)(**configuration)


def make(arguments):
    collection = Collection("layers")
    for case in CASES:
        record(collection, *case)
    return collection.write(arguments.output)


def record(collection, name, kind, configuration, passes):
    values, seed = Values(name), name_seed(name)
    torch.manual_seed(seed)
    module = build(kind, configuration)
    entry = {"name": name, "module": kind, "configuration": configuration, "seed": seed}
    entry["initial"] = kept_state(collection, f"{name}/initial", module.state_dict())
    if vary_scales(module, values):
        entry["state"] = kept_state(collection, f"{name}/state", module.state_dict())
    else:
        entry["state"] = entry["initial"]
    entry["passes"] = [
        record_pass(collection, f"{name}/pass{number}", module, mode, shape, values)
        for number, (mode, shape) in enumerate(passes)
    ]
    collection.cases.append(entry)


def kept_state(collection, prefix, state):
    return {key: collection.tensor(f"{prefix}/{key}", value) for key, value in state.items()}


def vary_scales(module, values):
    """Normalizations start with ones and zeros, which would hide a wrong scale or gradient."""
    varied = False
    for layer in module.modules():
        if isinstance(layer, NORMALIZATIONS):
            for parameter in layer.parameters(recurse=False):
                parameter.data = values.uniform(parameter.shape, 0.5, 1.5)
                varied = True
    return varied


def record_pass(collection, prefix, module, mode, shape, values):
    embedding = isinstance(module, nn.Embedding)
    given = values.integers(shape, 0, module.num_embeddings) if embedding else values.normal(*shape)
    given.requires_grad_(not embedding)
    module.train(mode == "train")
    module.zero_grad()
    seed = name_seed(prefix)
    torch.manual_seed(seed)
    output = module(given)
    output_gradient = values.normal(*output.shape)
    output.backward(output_gradient)

    entry = {"mode": mode, "seed": seed, "input": collection.tensor(f"{prefix}/input", given)}
    entry["output"] = collection.tensor(f"{prefix}/output", output)
    entry["output_gradient"] = collection.tensor(f"{prefix}/output_gradient", output_gradient)
    if not embedding:
        entry["input_gradient"] = collection.tensor(f"{prefix}/input_gradient", given.grad)
    entry["gradients"] = {
        key: collection.tensor(f"{prefix}/gradient/{key}", parameter.grad)
        for key, parameter in module.named_parameters()
    }
    entry["buffers_after"] = kept_state(collection, f"{prefix}/buffer", dict(module.named_buffers()))
    return entry
