"""Clipping of gradients by their total norm and by value."""

import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from .files import Collection, Values

SHAPES = ((3, 4), (5,), ())
DTYPES = {"float32": torch.float32, "float64": torch.float64}
NORMS = {"1": 1.0, "2": 2.0, "3": 3.0, "inf": float("inf")}


def make(arguments):
    collection = Collection("clipping")
    for dtype in DTYPES:
        values = Values("clipping", DTYPES[dtype])
        gradients = [values.normal(*shape) for shape in SHAPES]
        for norm in NORMS:
            record_norm(collection, f"norm_{norm}_clipped", dtype, gradients, norm, 0.5)
            record_norm(collection, f"norm_{norm}_not_clipped", dtype, gradients, norm, 1000.0)
        record_norm(collection, "zero_gradients", dtype, [torch.zeros_like(each) for each in gradients], "2", 1.0)
        infinite = [gradients[0], gradients[1].index_fill(0, torch.tensor([2]), float("inf")), gradients[2]]
        record_norm(collection, "infinite_gradient", dtype, infinite, "2", 1.0)
        for limit in (0.25, 100.0):
            record_value(collection, f"value_{limit:g}", dtype, gradients, limit)
    return collection.write(arguments.output)


def with_gradients(gradients):
    parameters = [torch.zeros_like(gradient, requires_grad=True) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    return parameters


def record_norm(collection, name, dtype, gradients, norm, maximum):
    parameters = with_gradients(gradients)
    total = clip_grad_norm_(parameters, maximum, norm_type=NORMS[norm])
    entry = {"function": "clip_grad_norm_", "norm_type": norm, "max_norm": maximum}
    entry["total_norm"] = collection.tensor(f"{name}/{dtype}/total_norm", total)
    keep(collection, name, dtype, entry, gradients, parameters)


def record_value(collection, name, dtype, gradients, limit):
    parameters = with_gradients(gradients)
    clip_grad_value_(parameters, limit)
    keep(collection, name, dtype, {"function": "clip_grad_value_", "clip_value": limit}, gradients, parameters)


def keep(collection, name, dtype, entry, gradients, parameters):
    key = f"{name}/{dtype}"
    collection.cases.append({
        "name": key,
        "dtype": dtype,
        **entry,
        "before": [
            collection.tensor(f"{key}/before/{index}", gradient) for index, gradient in enumerate(gradients)
        ],
        "after": [
            collection.tensor(f"{key}/after/{index}", parameter.grad) for index, parameter in enumerate(parameters)
        ],
    })
