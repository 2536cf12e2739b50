"""One rank of a job, as PyTorch's users write it: Fashion-MNIST with DistributedDataParallel over gloo.

Its losses and what its parameters add up to go to --output as JSON, to compare with the other ranks', whatever those
are written in. Model, loss, optimizer and data are those of the fixtures.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Fixtures"))

import rank_process  # noqa: E402
from pytorch_fixtures.programs import PROGRAMS, Samples  # noqa: E402


def train(arguments):
    """The model and the loss of each step before its update."""
    torch.manual_seed(arguments.seed)
    program = PROGRAMS["fashion"]
    model = DistributedDataParallel(program.model())
    optimizer = program.optimizer(model.parameters())
    samples = Samples("fashion", arguments.data)
    sampler = DistributedSampler(samples, seed=arguments.seed)
    loader = DataLoader(samples, batch_size=program.batch_size, sampler=sampler)
    losses, epoch = [], 0
    while len(losses) < arguments.steps:
        sampler.set_epoch(epoch)
        for _, (inputs, targets) in zip(range(arguments.steps - len(losses)), loader):
            loss = program.loss(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        epoch += 1
    return model.module, losses


def summary(model):
    """What tells parameters apart: their sum in double, and a hash of their bytes in order."""
    digest, total = hashlib.sha256(), 0.0
    for parameter in model.parameters():
        values = parameter.detach()
        digest.update(values.numpy().tobytes())
        total += values.double().sum().item()
    return {"sum": total, "sha256": digest.hexdigest()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--init-method", required=True, help="where the ranks meet: tcp://HOST:PORT")
    parser.add_argument("--rank", type=int, required=True)
    parser.add_argument("--world-size", type=int, required=True)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--data", type=Path, required=True, help="the folder with fashion-mnist/")
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    dist.init_process_group(
        "gloo", init_method=arguments.init_method, rank=arguments.rank, world_size=arguments.world_size
    )
    model, losses = train(arguments)
    result = {
        "rank": arguments.rank,
        "world_size": arguments.world_size,
        "losses": [float(f"{loss:.9g}") for loss in losses],
        "parameters": summary(model),
    }
    arguments.output.write_text(json.dumps(result) + "\n")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    rank_process.run(main)
