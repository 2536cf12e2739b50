"""The five programs in PyTorch, on the CPU with Gloo, and what they measure of themselves.

usage: pytorch_programs.py PROGRAM --data DIR [--ranks N] [--threads N] [--steps N] [--tuned] [--output FILE]

As the articles write them: a DataLoader that reads one sample after another, DistributedDataParallel (Accelerate in
fashion-mnist), the default optimizers, and the loop's own output. Changed alike in all: the backend, the time of the
end, a seed, repeated samples in toy and template, so that there is something to time, and DistributedDataParallel
where an article forgets it.

--tuned is what can be done by hand: the data set as tensors, indexed a batch at a time; fused optimizers; gradients as
views of the buckets; a malloc that keeps what it was given; nothing printed or read back in the loop.

The result is one JSON object: seconds and epoch of each step on rank 0, milliseconds a step, the moment of the first
step, and each rank's memory and first losses.
"""

import argparse
import json
import os
import socket
import sys
import tempfile
import time
import types
from pathlib import Path

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import BatchSampler, DataLoader, Dataset, DistributedSampler, TensorDataset

from timing import block_milliseconds, median

KEPT_BY_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 34)}


# Data.


def torchvision():
    """torchvision's Python: its compiled operators need not match the torch beside them, and are not needed."""
    sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))
    import torchvision
    from torchvision.datasets import cifar

    # The pickles were written anew, so their checksums are others.
    cifar.check_integrity = lambda path, md5=None: os.path.exists(path)
    return torchvision


def images(kind, statistics=None):
    """A torchvision data set; `statistics` are the mean and deviation of a channel."""

    def load(arguments):
        vision = torchvision()
        transform = [vision.transforms.ToTensor()]
        if statistics is not None:
            mean, deviation = statistics
            channels = 3 if kind == "CIFAR10" else 1
            transform.append(vision.transforms.Normalize((mean,) * channels, (deviation,) * channels))
        composed = vision.transforms.Compose(transform)
        data = getattr(vision.datasets, kind)(arguments.data, train=True, transform=composed)
        if not arguments.tuned:
            return data
        pixels = torch.as_tensor(data.data)
        pixels = pixels.permute(0, 3, 1, 2) if pixels.dim() == 4 else pixels.unsqueeze(1)
        pixels = pixels.contiguous().float().div_(255)
        if statistics is not None:
            pixels.sub_(mean).div_(deviation)
        return TensorDataset(pixels, torch.as_tensor(data.targets))

    return load


class Points(Dataset):
    """The data set of toy, as its article writes it."""

    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __getitem__(self, index):
        return self.features[index], self.labels[index]

    def __len__(self):
        return self.labels.shape[0]


def points(arguments):
    features = torch.tensor([[-1.2, 3.1], [-0.9, 2.9], [-0.5, 2.6], [2.3, -1.1], [2.7, -1.5]])
    labels = torch.tensor([0, 0, 0, 1, 1])
    tensors = features.repeat(arguments.repeat, 1), labels.repeat(arguments.repeat)
    return TensorDataset(*tensors) if arguments.tuned else Points(*tensors)


def noise(arguments):
    tensors = torch.randn(100, 10), torch.randn(100, 1)
    return TensorDataset(*(each.repeat(arguments.repeat, 1) for each in tensors))


class Batches(Dataset):
    """A TensorDataset that is asked for whole batches."""

    def __init__(self, data):
        self.tensors = data.tensors

    def __len__(self):
        return len(self.tensors[0])

    def __getitem__(self, indices):
        return tuple(tensor[indices] for tensor in self.tensors)


# Programs.


def perceptron(*sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return layers[:-1]


def sgd(rate):
    return lambda parameters, **options: torch.optim.SGD(parameters, lr=rate, **options)


def adam(rate):
    return lambda parameters, **options: torch.optim.Adam(parameters, lr=rate, **options)


class Program:
    """A model, its data, and what the loop of its article does besides training."""

    def __init__(self, data, model, loss, optimizer, batch_size, drop_last=False, after_step=None, bar=False):
        self.data, self.model, self.loss = data, model, loss
        self.optimizer, self.batch_size, self.drop_last = optimizer, batch_size, drop_last
        self.after_step = after_step or (lambda rank, epoch, batch, loss, labels: None)
        self.bar = bar


def tell_every_hundredth(rank, epoch, batch, loss, labels):
    if batch % 100 == 0:
        print(f"loss: {loss.item():>7f}  [{(batch + 1) * len(labels):>5d}]")


def tell_each(rank, epoch, batch, loss, labels):
    print(f"[GPU{rank}] Epoch: {epoch + 1:03d} | Batchsize {labels.shape[0]:03d} | Train/Val Loss: {loss:.2f}")


def add_up():
    total = 0.0

    def add(rank, epoch, batch, loss, labels):
        nonlocal total
        total += loss.item() * len(labels)

    return add


PROGRAMS = {
    "fashion-mnist": lambda: Program(
        images("FashionMNIST"),
        lambda: nn.Sequential(nn.Flatten(), *perceptron(784, 512, 512, 10)),
        nn.CrossEntropyLoss(), sgd(1e-2), 32, after_step=tell_every_hundredth,
    ),
    "mnist-two-machines": lambda: Program(
        images("MNIST", (0.1307, 0.3081)),
        lambda: nn.Sequential(nn.Flatten(), *perceptron(784, 256, 10), nn.LogSoftmax(dim=1)),
        nn.NLLLoss(), sgd(1e-2), 64, after_step=add_up(),
    ),
    "cifar10-resnet18": lambda: Program(
        images("CIFAR10", (0.5, 0.5)),
        lambda: torchvision().models.resnet18(num_classes=10),
        nn.CrossEntropyLoss(), adam(1e-3), 16, bar=True,
    ),
    "toy": lambda: Program(
        points, lambda: nn.Sequential(*perceptron(2, 30, 20, 2)),
        nn.CrossEntropyLoss(), sgd(0.5), 2, drop_last=True, after_step=tell_each,
    ),
    "template": lambda: Program(noise, lambda: nn.Linear(10, 1), nn.MSELoss(), sgd(1e-3), 32),
}


# Training.


class Preparation:
    """Model, optimizer, loader and backward pass of one rank."""

    def __init__(self, program, arguments, rank):
        torch.manual_seed(arguments.seed)
        model = program.model()
        data = program.data(arguments)
        world, tuned = arguments.ranks, arguments.tuned
        self.backward = lambda loss: loss.backward()
        self.sampler = None
        if arguments.program == "fashion-mnist" and not tuned:
            from accelerate import Accelerator

            accelerator = Accelerator(cpu=True)
            optimizer = program.optimizer(model.parameters())
            loader = DataLoader(data, batch_size=program.batch_size)
            self.model, self.optimizer, self.loader = accelerator.prepare(model, optimizer, loader)
            self.backward = accelerator.backward
            return
        self.sampler = DistributedSampler(data, num_replicas=world, rank=rank, seed=arguments.seed)
        if tuned:
            batches = BatchSampler(self.sampler, program.batch_size, program.drop_last)
            self.loader = DataLoader(Batches(data), sampler=batches, batch_size=None)
        else:
            self.loader = DataLoader(
                data, batch_size=program.batch_size, sampler=self.sampler, drop_last=program.drop_last
            )
        self.model = DistributedDataParallel(model, gradient_as_bucket_view=tuned)
        self.optimizer = program.optimizer(self.model.parameters(), **({"fused": True} if tuned else {}))

    def epochs(self, tuned):
        """The number of each epoch and its batches, without end."""
        epoch = 0
        while True:
            if tuned:
                self.sampler.set_epoch(epoch)
            yield epoch, self.loader
            epoch += 1


def train(program, arguments, rank):
    """Trains for `steps` steps and gives what was measured on this rank."""
    prepared = Preparation(program, arguments, rank)
    model, optimizer, backward = prepared.model, prepared.optimizer, prepared.backward
    criterion, tuned = program.loss, arguments.tuned
    seconds, epochs, losses = [], [], []
    first_step = None
    model.train()
    for epoch, batches in prepared.epochs(tuned):
        bar = None
        if program.bar and not tuned:
            from tqdm import tqdm

            batches = bar = tqdm(batches, desc="Training", disable=rank != 0)
        for batch, (inputs, labels) in enumerate(batches):
            loss = criterion(model(inputs), labels)
            optimizer.zero_grad()
            backward(loss)
            optimizer.step()
            if not tuned:
                program.after_step(rank, epoch, batch, loss, labels)
                if bar is not None:
                    bar.set_postfix(Loss=loss.item(), Epoch=epoch, Rank=rank)
            seconds.append(time.perf_counter())
            epochs.append(epoch)
            if first_step is None:
                first_step = time.monotonic()
            if len(losses) < arguments.losses:
                losses.append(loss.item())
            if len(seconds) == arguments.steps:
                return {"first_step": first_step, "seconds": seconds, "epochs": epochs, "losses": losses}


def proportional_set_kilobytes():
    """This process's memory, where what several processes map counts in equal parts."""
    with open("/proc/self/smaps_rollup") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def run_rank(rank, arguments, port, folder):
    torch.set_num_threads(arguments.threads)
    # Without the last, Accelerate gives each rank all cores.
    os.environ.update(
        MASTER_ADDR="localhost", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE=str(arguments.ranks),
        LOCAL_RANK=str(rank), LOCAL_WORLD_SIZE=str(arguments.ranks),
    )
    torch.distributed.init_process_group("gloo", rank=rank, world_size=arguments.ranks)
    result = train(PROGRAMS[arguments.program](), arguments, rank)
    torch.distributed.barrier()
    result["memory_kilobytes"] = proportional_set_kilobytes()
    result["threads"] = torch.get_num_threads()
    torch.distributed.barrier()
    (Path(folder) / f"{rank}.json").write_text(json.dumps(result))
    torch.distributed.destroy_process_group()


def free_port():
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


def run(arguments):
    """Starts the ranks; what rank 0 measured stands at the top of the result."""
    if arguments.tuned:
        os.environ.update(KEPT_BY_MALLOC)  # malloc reads them when a rank starts
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(run_rank, (arguments, free_port(), folder), nprocs=arguments.ranks)
        ranks = [json.loads((Path(folder) / f"{rank}.json").read_text()) for rank in range(arguments.ranks)]
    first = ranks[0]
    blocks = block_milliseconds(first["seconds"], first["epochs"], arguments.warm_up, arguments.block)
    return {
        "program": arguments.program,
        "ranks": arguments.ranks,
        "tuned": arguments.tuned,
        "threads": first["threads"],
        "blocks": blocks,
        "milliseconds": median(blocks),
        "first_step": first["first_step"],
        "memory_kilobytes": [rank["memory_kilobytes"] for rank in ranks],
        "losses": [rank["losses"] for rank in ranks],
        "versions": {"torch": torch.__version__},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument("--data", help="a folder in torchvision's layout")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="of each rank (default: its share of the cores)")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=20, help="steps that are not counted")
    parser.add_argument("--block", type=int, default=16, help="steps that are timed together")
    parser.add_argument("--repeat", type=int, default=800, help="how often toy and template repeat their samples")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--losses", type=int, default=10, help="how many first losses are kept")
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--output", help="where the result goes (default: standard output)")
    arguments = parser.parse_args()
    arguments.threads = arguments.threads or max(1, len(os.sched_getaffinity(0)) // arguments.ranks)
    result = json.dumps(run(arguments))
    if arguments.output:
        Path(arguments.output).write_text(result)
    else:
        print(result)


if __name__ == "__main__":
    main()
