"""Trajectories of optimizers over fixed gradients, in float32 and float64."""

import torch

from .files import Collection, Values

STEPS = 12
SHAPES = ((3, 4), (5,))
DTYPES = {"float32": torch.float32, "float64": torch.float64}
BOTH = [{"parameters": [0, 1]}]


def case(name, optimizer, groups=None, absent_gradients=(), **options):
    return (name, optimizer, options, groups or BOTH, absent_gradients)


CASES = [
    case("sgd", "SGD", lr=0.1),
    case("sgd_momentum", "SGD", lr=0.1, momentum=0.9),
    case("sgd_dampening", "SGD", lr=0.1, momentum=0.9, dampening=0.3),
    case("sgd_nesterov", "SGD", lr=0.1, momentum=0.9, nesterov=True),
    case("sgd_weight_decay", "SGD", lr=0.1, weight_decay=0.05),
    case("sgd_momentum_weight_decay", "SGD", lr=0.1, momentum=0.9, weight_decay=0.05),
    case("sgd_nesterov_weight_decay", "SGD", lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05),
    case("sgd_maximize", "SGD", lr=0.1, momentum=0.9, weight_decay=0.05, maximize=True),
    case(
        "sgd_groups", "SGD", lr=0.1, momentum=0.9,
        groups=[{"parameters": [0], "weight_decay": 0.1}, {"parameters": [1], "lr": 0.01, "momentum": 0.5}],
    ),
    case("sgd_absent_gradients", "SGD", lr=0.1, momentum=0.9, absent_gradients=[[0, 1], [4, 0], [5, 0]]),
    case("adam", "Adam"),
    case("adam_learning_rate", "Adam", lr=0.1),
    case("adam_betas", "Adam", lr=0.05, betas=(0.7, 0.9)),
    case("adam_weight_decay", "Adam", lr=0.05, weight_decay=0.1),
    case("adam_amsgrad", "Adam", lr=0.05, betas=(0.9, 0.5), amsgrad=True),
    case("adam_maximize", "Adam", lr=0.05, weight_decay=0.1, maximize=True),
    case("adam_eps", "Adam", lr=0.05, eps=1e-2),
    case(
        "adam_groups", "Adam", lr=0.05,
        groups=[{"parameters": [1], "betas": (0.8, 0.95)}, {"parameters": [0], "lr": 0.01, "weight_decay": 0.2}],
    ),
    case("adam_absent_gradients", "Adam", lr=0.05, absent_gradients=[[0, 1], [4, 0], [5, 0]]),
    case("adamw", "AdamW"),
    case("adamw_weight_decay", "AdamW", lr=0.05, weight_decay=0.1),
    case("adamw_no_weight_decay", "AdamW", lr=0.05, weight_decay=0.0),
    case("adamw_amsgrad", "AdamW", lr=0.05, betas=(0.9, 0.5), weight_decay=0.1, amsgrad=True),
    case("adamw_maximize", "AdamW", lr=0.05, weight_decay=0.1, maximize=True),
    case(
        "adamw_groups", "AdamW", lr=0.05,
        groups=[{"parameters": [0], "weight_decay": 0.3}, {"parameters": [1], "weight_decay": 0.0, "lr": 0.01}],
    ),
]


def make(arguments):
    collection = Collection("optimizers")
    for dtype in DTYPES:
        values = Values("optimizers", DTYPES[dtype])
        start = [values.normal(*shape) for shape in SHAPES]
        gradients = [values.normal(STEPS, *shape) for shape in SHAPES]
        for index in range(len(SHAPES)):
            collection.tensor(f"{dtype}/start/{index}", start[index])
            collection.tensor(f"{dtype}/gradients/{index}", gradients[index])
        for entry in CASES:
            record(collection, dtype, start, gradients, *entry)
    return collection.write(arguments.output)


def record(collection, dtype, start, gradients, name, optimizer_name, options, groups, absent_gradients):
    key = f"{name}/{dtype}"
    parameters = [value.clone().requires_grad_() for value in start]
    optimizer = getattr(torch.optim, optimizer_name)(
        [
            {"params": [parameters[index] for index in group["parameters"]]}
            | {option: value for option, value in group.items() if option != "parameters"}
            for group in groups
        ],
        **options,
    )
    trajectory = [[] for _ in parameters]
    for step in range(STEPS):
        for index, parameter in enumerate(parameters):
            absent = [step, index] in [list(pair) for pair in absent_gradients]
            parameter.grad = None if absent else gradients[index][step].clone()
        optimizer.step()
        for index, parameter in enumerate(parameters):
            trajectory[index].append(parameter.detach().clone())
    collection.cases.append({
        "name": key,
        "optimizer": optimizer_name,
        "dtype": dtype,
        "options": options,
        "groups": groups,
        "absent_gradients": absent_gradients,
        "start": [f"{dtype}/start/{index}" for index in range(len(parameters))],
        "gradients": [f"{dtype}/gradients/{index}" for index in range(len(parameters))],
        "trajectory": [
            collection.tensor(f"{key}/trajectory/{index}", torch.stack(steps)) for index, steps in enumerate(trajectory)
        ],
        "state": [
            {
                entry: collection.tensor(f"{key}/state/{index}/{entry}", value)
                for entry, value in optimizer.state[parameter].items()
                if value is not None
            }
            for index, parameter in enumerate(parameters)
        ],
    })
