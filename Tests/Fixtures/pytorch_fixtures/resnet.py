"""Names and shapes of torchvision's residual networks, in the order of their state_dict."""

import torch

from .files import write_json
from .vision import models


def make(arguments):
    path = arguments.output / "resnet.json"
    write_json(path, {
        "torch": torch.__version__,
        "num_classes": 10,
        "models": {name: entries(getattr(models, name)(num_classes=10)) for name in ("resnet18", "resnet34")},
    })
    return [path]


def entries(model):
    parameters = {name for name, _ in model.named_parameters()}
    return [
        {
            "name": name,
            "shape": list(value.shape),
            "dtype": str(value.dtype).removeprefix("torch."),
            "kind": "parameter" if name in parameters else "buffer",
        }
        for name, value in model.state_dict().items()
    ]
