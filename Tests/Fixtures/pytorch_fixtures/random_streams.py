"""Streams of the seeded CPU generator, and the initialisers of torch.nn.init."""

import math

import torch
from torch import nn

from .files import Collection, name_seed

PROBABILITIES = [0.0, 0.1, 0.25, 0.5, 0.5, 0.75, 0.9, 1.0]
INTEGERS = ("randint", "randperm", "random_", "multinomial")


def draw(operation, *, dtype=None, **arguments):
    dtype = dtype or ("int64" if operation in INTEGERS else "float32")
    return {"operation": operation, "dtype": dtype, "arguments": arguments}


STREAMS = [
    ("rand_10", [draw("rand", size=[10])]),
    ("rand_20", [draw("rand", size=[20])]),
    ("rand_double", [draw("rand", size=[20], dtype="float64")]),
    ("rand_twice", [draw("rand", size=[3]), draw("rand", size=[2, 4])]),
    ("randn_5", [draw("randn", size=[5])]),
    ("randn_15", [draw("randn", size=[15])]),
    ("randn_16", [draw("randn", size=[16])]),
    ("randn_20", [draw("randn", size=[20])]),
    ("randn_matrix", [draw("randn", size=[7, 11])]),
    ("randn_double_5", [draw("randn", size=[5], dtype="float64")]),
    ("randn_double_20", [draw("randn", size=[20], dtype="float64")]),
    ("randn_cached", [draw("randn", size=[5]), draw("randn", size=[5])]),
    ("randn_short_and_long", [draw("randn", size=[5]), draw("randn", size=[20]), draw("randn", size=[3])]),
    ("mixed", [
        draw("randn", size=[3]), draw("randperm", n=10), draw("rand", size=[4]),
        draw("randint", low=0, high=9, size=[4]),
    ]),
    ("randint", [draw("randint", low=0, high=100, size=[10])]),
    ("randint_negative", [draw("randint", low=-50, high=50, size=[10])]),
    ("randint_large", [draw("randint", low=0, high=1 << 40, size=[10])]),
    ("random_int64", [draw("random_", size=[6])]),
    ("randperm_0", [draw("randperm", n=0)]),
    ("randperm_1", [draw("randperm", n=1)]),
    ("randperm_10", [draw("randperm", n=10)]),
    ("randperm_100", [draw("randperm", n=100)]),
    ("randperm_twice", [draw("randperm", n=10), draw("randperm", n=10)]),
    ("bernoulli", [draw("bernoulli", probabilities=PROBABILITIES)]),
    ("bernoulli_in_place", [draw("bernoulli_", size=[20], p=0.3)]),
    ("bernoulli_twice", [draw("bernoulli_", size=[5], p=0.5), draw("bernoulli_", size=[5], p=0.5)]),
    ("normal", [draw("normal", mean=2.0, std=0.5, size=[5])]),
    ("normal_long", [draw("normal", mean=-1.0, std=3.0, size=[20])]),
    ("normal_in_place", [draw("normal_", mean=1.0, std=2.0, size=[17])]),
    ("uniform_in_place", [draw("uniform_", low=-1.0, high=1.0, size=[12])]),
    ("uniform_double", [draw("uniform_", low=-1.0, high=1.0, size=[12], dtype="float64")]),
    ("exponential", [draw("exponential_", rate=1.5, size=[12])]),
    ("multinomial", [draw("multinomial", weights=[0.1, 0.0, 3.0, 1.5], count=8, replacement=True)]),
    ("multinomial_no_replacement", [draw("multinomial", weights=[0.1, 0.4, 3.0, 1.5], count=3, replacement=False)]),
]

SEEDS = {"rand_10": [0, 1, 42, 123, 2**32 + 5, 2**63 - 1], "randn_20": [0, 42, 123], "randperm_10": [0, 42, 123]}

INITIALISERS = [
    ("uniform_", [4, 5], dict(a=-0.5, b=0.25)),
    ("normal_", [4, 5], dict(mean=0.5, std=0.2)),
    ("normal_", [3], dict(mean=0.0, std=1.0)),
    ("kaiming_uniform_", [6, 4], dict(a=math.sqrt(5))),
    ("kaiming_uniform_", [6, 4], dict(a=0.0, mode="fan_in", nonlinearity="relu")),
    ("kaiming_uniform_", [4, 3, 2, 2], dict(a=math.sqrt(5), mode="fan_out")),
    ("kaiming_uniform_", [6, 4], dict(nonlinearity="tanh")),
    ("kaiming_normal_", [4, 3, 2, 2], dict(mode="fan_out", nonlinearity="relu")),
    ("kaiming_normal_", [6, 4], dict()),
    ("kaiming_normal_", [2, 3], dict(mode="fan_in", nonlinearity="linear")),
    ("xavier_uniform_", [6, 4], dict()),
    ("xavier_uniform_", [4, 3, 2, 2], dict(gain=5 / 3)),
    ("xavier_normal_", [6, 4], dict()),
    ("xavier_normal_", [6, 4], dict(gain=math.sqrt(2))),
    ("trunc_normal_", [6, 4], dict()),
    ("trunc_normal_", [6, 4], dict(mean=0.1, std=0.02, a=-2.0, b=2.0)),
    ("trunc_normal_", [6, 4], dict(mean=0.0, std=1.0, a=-0.5, b=0.5)),
]


def make(arguments):
    collection = Collection("random")
    for name, draws in STREAMS:
        for seed in SEEDS.get(name, [42]):
            record_stream(collection, f"{name}/seed_{seed}" if name in SEEDS else name, seed, draws)
    counts = {}
    for function, shape, options in INITIALISERS:
        number = counts[function] = counts.get(function, 0) + 1
        record_initialiser(collection, f"init/{function}/{number}", function, shape, options)
    return collection.write(arguments.output)


def record_stream(collection, name, seed, draws):
    generator = torch.Generator().manual_seed(seed)
    collection.cases.append({
        "name": name,
        "kind": "stream",
        "seed": seed,
        "draws": [
            entry | {"result": collection.tensor(f"{name}/{number}", drawn(generator, **entry))}
            for number, entry in enumerate(draws)
        ],
    })


def drawn(generator, operation, dtype, arguments):
    a, dtype = arguments, getattr(torch, dtype)
    match operation:
        case "rand" | "randn":
            return getattr(torch, operation)(a["size"], generator=generator, dtype=dtype)
        case "randint":
            return torch.randint(a["low"], a["high"], a["size"], generator=generator)
        case "random_":
            return torch.empty(a["size"], dtype=dtype).random_(generator=generator)
        case "randperm":
            return torch.randperm(a["n"], generator=generator)
        case "bernoulli":
            return torch.bernoulli(torch.tensor(a["probabilities"]), generator=generator)
        case "bernoulli_":
            return torch.empty(a["size"], dtype=dtype).bernoulli_(a["p"], generator=generator)
        case "normal":
            return torch.normal(a["mean"], a["std"], a["size"], generator=generator)
        case "normal_":
            return torch.empty(a["size"], dtype=dtype).normal_(a["mean"], a["std"], generator=generator)
        case "uniform_":
            return torch.empty(a["size"], dtype=dtype).uniform_(a["low"], a["high"], generator=generator)
        case "exponential_":
            return torch.empty(a["size"], dtype=dtype).exponential_(a["rate"], generator=generator)
        case "multinomial":
            return torch.multinomial(torch.tensor(a["weights"]), a["count"], a["replacement"], generator=generator)
    raise ValueError(f"no draw is named {operation}")


def record_initialiser(collection, name, function, shape, options):
    seed = name_seed(name)
    torch.manual_seed(seed)
    value = getattr(nn.init, function)(torch.empty(shape), **options)
    collection.cases.append({
        "name": name,
        "kind": "initialiser",
        "function": function,
        "seed": seed,
        "shape": shape,
        "arguments": options,
        "result": collection.tensor(name, value),
    })
