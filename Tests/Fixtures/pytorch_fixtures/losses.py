"""Losses and the gradients of their inputs, in float32 and float64."""

from itertools import product

import torch
from torch.nn import functional

from .files import Collection, Values

REDUCTIONS = ("mean", "sum", "none")
DTYPES = {"float32": torch.float32, "float64": torch.float64}
CLASSES = 5


def make(arguments):
    collection = Collection("losses")
    for dtype in DTYPES:
        recorder = Recorder(collection, dtype)
        recorder.classification("cross_entropy", log_probabilities=False, smoothings=(0.0, 0.1))
        recorder.classification("nll_loss", log_probabilities=True, smoothings=(None,))
        recorder.probabilities()
        recorder.squared_errors()
        recorder.logits()
    return collection.write(arguments.output)


class Recorder:
    def __init__(self, collection, dtype):
        self.collection = collection
        self.dtype = dtype

    def record(self, name, loss, given, target, **options):
        """Keeps one case; a scalar is differentiated as it is, per-sample losses with a fixed gradient."""
        key = f"{name}/{self.dtype}"
        function = getattr(functional, loss)
        given = given.detach().to(DTYPES[self.dtype], copy=True)
        target = target.to(DTYPES[self.dtype]) if target.is_floating_point() else target
        options = {
            option: value.to(DTYPES[self.dtype]) if isinstance(value, torch.Tensor) else value
            for option, value in options.items()
            if value is not None
        }
        given.requires_grad_()
        output = function(given, target, **options)

        tensors = {"input": given, "target": target, "output": output}
        tensors.update({option: value for option, value in options.items() if isinstance(value, torch.Tensor)})
        if output.dim() > 0:
            tensors["output_gradient"] = Values(name).normal(*output.shape).to(output.dtype)
            output.backward(tensors["output_gradient"])
        else:
            output.backward()
        tensors["input_gradient"] = given.grad
        self.collection.cases.append({
            "name": key,
            "loss": loss,
            "dtype": self.dtype,
            "options": {option: value for option, value in options.items() if not isinstance(value, torch.Tensor)},
            "tensors": {role: self.collection.tensor(f"{key}/{role}", value) for role, value in tensors.items()},
        })

    def classification(self, loss, log_probabilities, smoothings):
        """Targets that are class indices, for rows and for images."""
        values = Values(loss)

        def scores(*shape):
            drawn = values.normal(*shape)
            return functional.log_softmax(drawn, 1) if log_probabilities else drawn

        rows, row_targets = scores(6, CLASSES), torch.tensor([0, 3, 1, 4, 1, 2])
        weight = values.uniform((CLASSES,), 0.2, 2.0)
        for reduction, smoothing, weighted, ignored in product(REDUCTIONS, smoothings, (False, True), (None, 1)):
            self.record(
                case_name(loss, reduction, smoothing, weighted, ignored), loss, rows, row_targets,
                reduction=reduction, label_smoothing=smoothing, weight=weight if weighted else None,
                ignore_index=ignored,
            )
        pixels, pixel_targets = scores(2, CLASSES, 2, 3), values.integers((2, 2, 3), 0, CLASSES)
        pixel_targets[0, 0, 0] = -100
        for reduction in REDUCTIONS:
            self.record(f"{loss}/images/{reduction}", loss, pixels, pixel_targets, reduction=reduction)
            self.record(
                f"{loss}/images/{reduction}/all_options", loss, pixels, pixel_targets.clamp(min=0),
                reduction=reduction, weight=weight, ignore_index=2, label_smoothing=smoothings[-1],
            )
        everything_ignored = torch.full((6,), -100)
        for reduction in ("mean", "sum"):
            self.record(f"{loss}/all_ignored/{reduction}", loss, rows, everything_ignored, reduction=reduction)

    def probabilities(self):
        """Targets that are probabilities of the classes."""
        loss, values = "cross_entropy", Values("cross_entropy/probabilities")
        rows, targets = values.normal(6, CLASSES), functional.softmax(values.normal(6, CLASSES), 1)
        weight = values.uniform((CLASSES,), 0.2, 2.0)
        for reduction, smoothing, weighted in product(REDUCTIONS, (0.0, 0.1), (False, True)):
            self.record(
                case_name(f"{loss}/probabilities", reduction, smoothing, weighted, None), loss, rows, targets,
                reduction=reduction, label_smoothing=smoothing, weight=weight if weighted else None,
            )
        pixels, targets = values.normal(2, CLASSES, 2, 2), functional.softmax(values.normal(2, CLASSES, 2, 2), 1)
        self.record(f"{loss}/probabilities/images/mean", loss, pixels, targets, reduction="mean")

    def squared_errors(self):
        values = Values("mse_loss")
        given, target = values.normal(4, 3), values.normal(4, 3)
        for reduction in REDUCTIONS:
            self.record(f"mse_loss/{reduction}", "mse_loss", given, target, reduction=reduction)

    def logits(self):
        loss, values = "binary_cross_entropy_with_logits", Values("bce_with_logits")
        given, target = values.normal(4, 3) * 3, values.uniform((4, 3), 0, 1)
        target[:2] = target[:2].round()
        weight, positive = values.uniform((4, 3), 0.2, 2.0), values.uniform((3,), 0.5, 3.0)
        for reduction, weighted, positively in product(REDUCTIONS, (False, True), (False, True)):
            name = f"bce_with_logits/{reduction}" + "/weight" * weighted + "/pos_weight" * positively
            self.record(
                name, loss, given, target, reduction=reduction, weight=weight if weighted else None,
                pos_weight=positive if positively else None,
            )
        large = torch.tensor([[-200.0, 200.0, 0.0], [88.8, -88.8, 1e-8]])
        target = torch.tensor([[1.0, 0.0, 0.5], [1.0, 0.0, 1.0]])
        self.record("bce_with_logits/large/none", loss, large, target, reduction="none")


def case_name(loss, reduction, smoothing, weighted, ignored):
    parts = [loss, reduction]
    parts += ["smoothing"] if smoothing else []
    parts += ["weight"] if weighted else []
    parts += ["ignore_index"] if ignored is not None else []
    return "/".join(parts)
