"""The five programs: initial weights, order of samples, and the losses of the first 100 steps."""

import copy
from dataclasses import dataclass
from typing import Callable

import torch
from torch import nn
from torch.utils.data import DistributedSampler

from .files import write_json
from .images import images, prepared
from .vision import models

SEED = 123
STEPS = 100
DOUBLE_STEPS = 25
TEST_BATCH = 1000


@dataclass
class Program:
    model: Callable[[], nn.Module]
    loss: nn.Module
    optimizer: Callable
    description: dict
    batch_size: int
    drop_last: bool = False


def fashion_model():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )


def mnist_model():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10), nn.LogSoftmax(dim=1)
    )


def toy_model():
    return nn.Sequential(nn.Linear(2, 30), nn.ReLU(), nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 2))


def sgd(learning_rate):
    return lambda parameters: torch.optim.SGD(parameters, lr=learning_rate)


def described(optimizer, learning_rate, loss):
    return {"optimizer": optimizer, "learning_rate": learning_rate, "loss": loss}


PROGRAMS = {
    "fashion": Program(
        fashion_model, nn.CrossEntropyLoss(), sgd(1e-2), described("SGD", 1e-2, "CrossEntropyLoss"), 32
    ),
    "mnist": Program(mnist_model, nn.NLLLoss(), sgd(1e-2), described("SGD", 1e-2, "NLLLoss"), 64),
    "cifar": Program(
        lambda: models.resnet18(num_classes=10),
        nn.CrossEntropyLoss(),
        lambda parameters: torch.optim.Adam(parameters, lr=1e-3),
        described("Adam", 1e-3, "CrossEntropyLoss"),
        16,
    ),
    "toy": Program(
        toy_model, nn.CrossEntropyLoss(), sgd(0.5), described("SGD", 0.5, "CrossEntropyLoss"), 2, drop_last=True
    ),
    "template": Program(
        lambda: nn.Linear(10, 1), nn.MSELoss(), sgd(1e-3), described("SGD", 1e-3, "MSELoss"), 32
    ),
}


class Samples:
    """The training set of a program, read by index."""

    def __init__(self, name, data):
        self.name = name
        if name == "toy":
            self.inputs = torch.tensor([[-1.2, 3.1], [-0.9, 2.9], [-0.5, 2.6], [2.3, -1.1], [2.7, -1.5]])
            self.targets = torch.tensor([0, 0, 0, 1, 1])
        elif name == "template":
            self.inputs, self.targets = torch.randn(100, 10), torch.randn(100, 1)
        else:
            self.inputs, self.targets = images(name, data, train=True)

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, index):
        """One sample, as a DataLoader asks for it."""
        inputs, targets = self.batch([index])
        return inputs[0], targets[0]

    def batch(self, indices):
        inputs, targets = self.inputs[indices], self.targets[indices]
        return (prepared(self.name, inputs) if inputs.dtype == torch.uint8 else inputs), targets


def batches(program, samples, epoch, rank=0, world=1):
    """The indices of each batch, as DistributedSampler and DataLoader make them for one rank."""
    sampler = DistributedSampler(samples, num_replicas=world, rank=rank, shuffle=True, seed=SEED)
    sampler.set_epoch(epoch)
    order, size = list(sampler), program.batch_size
    parts = [order[start : start + size] for start in range(0, len(order), size)]
    return [part for part in parts if len(part) == size or not program.drop_last]


def first_batches(program, samples, rank=0, world=1):
    """The indices of the first five batches of epochs 0 and 1."""
    return [{"epoch": epoch, "batches": batches(program, samples, epoch, rank, world)[:5]} for epoch in (0, 1)]


def running_batches(program, samples, rank, world):
    epoch = 0
    while True:
        yield from batches(program, samples, epoch, rank, world)
        epoch += 1


def train(program, model, samples, steps, dtype=torch.float32, rank=0, world=1):
    """Trains the model on a rank's samples and gives the loss of each step before its update."""
    optimizer = program.optimizer(model.parameters())
    model.train()
    losses = []
    for _, indices in zip(range(steps), running_batches(program, samples, rank, world)):
        inputs, targets = samples.batch(indices)
        loss = program.loss(model(inputs.to(dtype)), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def late_mean(losses):
    """The mean of the second half of the steps' losses."""
    return sum(losses[STEPS // 2 :]) / (STEPS // 2)


def checksums(tensor):
    """Sums in double over the tensor in row-major order, and its first four values."""
    flat = tensor.detach().double().flatten()
    positions = torch.arange(1, flat.numel() + 1, dtype=torch.float64)
    return {
        "sum": flat.sum().item(),
        "sum_of_squares": flat.square().sum().item(),
        "weighted_sum": ((positions * flat).sum() / flat.numel()).item(),
        "first": flat[:4].tolist(),
    }


def state_checksums(model):
    return [
        {
            "name": name,
            "shape": list(tensor.shape),
            "dtype": str(tensor.dtype).removeprefix("torch."),
            **checksums(tensor),
        }
        for name, tensor in model.state_dict().items()
    ]


def evaluation(name, program, model, data):
    """The test set's correct count, and its mean loss as a sum of samples' losses in double."""
    pixels, labels = images(name, data, train=False)
    model.eval()
    correct, total = 0, 0.0
    with torch.no_grad():
        for start in range(0, len(labels), TEST_BATCH):
            outputs = model(prepared(name, pixels[start : start + TEST_BATCH]))
            targets = labels[start : start + TEST_BATCH]
            correct += (outputs.argmax(1) == targets).sum().item()
            total += nn.functional.cross_entropy(outputs, targets, reduction="none").double().sum().item()
    return {"batch_size": TEST_BATCH, "count": len(labels), "correct": correct, "mean_loss": total / len(labels)}


def record(name, program, data):
    torch.manual_seed(SEED)
    model = program.model()
    samples = Samples(name, data)
    initial = copy.deepcopy(model) if name == "cifar" else None
    first_inputs, first_targets = samples.batch(batches(program, samples, 0)[0])
    entry = {
        **program.description,
        "batch_size": program.batch_size,
        "drop_last": program.drop_last,
        "samples": len(samples),
        "parameters": state_checksums(model),
        "first_batch": {
            "shape": list(first_inputs.shape),
            "inputs": checksums(first_inputs),
            "targets": [value.item() for value in first_targets.flatten()],
        },
        "indices": first_batches(program, samples),
        "losses": train(program, model, samples, STEPS),
    }
    if initial is not None:
        entry["losses_float64"] = train(program, initial.double(), samples, DOUBLE_STEPS, torch.float64)
        entry["mean_loss_50_to_99"] = late_mean(entry["losses"])
    else:
        entry["parameters_after"] = state_checksums(model)
    if name == "fashion":
        entry["evaluation"] = evaluation(name, program, model, data)
    return entry


def make(arguments):
    path = arguments.output / "programs.json"
    recorded = {name: record(name, program, arguments.data) for name, program in PROGRAMS.items()}
    write_json(
        path,
        {
            "torch": torch.__version__,
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "seed": SEED,
            "world": 1,
            "steps": STEPS,
            "programs": recorded,
        },
    )
    return [path]
