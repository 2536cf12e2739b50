"""Lower precision: passes under autocast, and the factor on the loss that follows what gradients can take."""

import torch
from torch import nn

from .files import Collection, Values

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}
# Whether the gradients of each step overflow; the factor grows after two steps without.
OVERFLOWS = [False, False, True, False, False, False, True, True, False, False, False, False]


def make(arguments):
    collection = Collection("precision")
    for name in DTYPES:
        record_passes(collection, name)
    record_scaler(collection)
    return collection.write(arguments.output)


def network(values):
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 5)
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(values.normal(*parameter.shape) * 0.2)
    return model


def record_passes(collection, dtype):
    values = Values("precision")
    model = network(values)
    key = f"autocast_{dtype}"
    initial = {
        name: collection.tensor(f"{key}/initial/{name}", tensor) for name, tensor in model.state_dict().items()
    }
    images, labels = values.normal(6, 3, 8, 8), values.integers((6,), 0, 5)
    with torch.autocast("cpu", dtype=DTYPES[dtype]):
        output = model(images)
    loss = nn.functional.cross_entropy(output.float(), labels)
    loss.backward()
    collection.cases.append({
        "name": key,
        "dtype": dtype,
        "initial": initial,
        "input": collection.tensor(f"{key}/input", images),
        "target": collection.tensor(f"{key}/target", labels),
        "output": collection.tensor(f"{key}/output", output.float()),
        "loss": collection.tensor(f"{key}/loss", loss),
        "gradients": {
            name: collection.tensor(f"{key}/gradient/{name}", parameter.grad)
            for name, parameter in model.named_parameters()
        },
    })


def record_scaler(collection):
    values = Values("scaler")
    parameters = [torch.zeros(3, 2, requires_grad=True), torch.zeros(4, requires_grad=True)]
    optimizer = torch.optim.SGD(parameters, lr=0.0)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
    scaler.scale(torch.ones(()))
    steps = []
    for number, overflows in enumerate(OVERFLOWS):
        for parameter in parameters:
            parameter.grad = values.normal(*parameter.shape) * scaler.get_scale()
        if overflows:
            parameters[1].grad[2] = float("inf")
        before = [collection.tensor(f"scaler/{number}/before/{i}", each.grad) for i, each in enumerate(parameters)]
        scaler.unscale_(optimizer)
        after = [collection.tensor(f"scaler/{number}/after/{i}", each.grad) for i, each in enumerate(parameters)]
        scaler.step(optimizer)
        scaler.update()
        steps.append({"overflows": overflows, "before": before, "after": after, "scale": scaler.get_scale()})
    collection.cases.append({"name": "scaler", "steps": steps})
