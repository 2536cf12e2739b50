"""A script as PyTorch's users start it with torchrun: DistributedDataParallel, and everything from the environment.

Each rank prints one line of JSON: its numbers, and a hash of the parameters that all ranks have after a few steps.
"""

import hashlib
import json
import os
import sys

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

import rank_process


def main():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.manual_seed(rank)
    model = DistributedDataParallel(torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        model(torch.randn(4, 8)).square().mean().backward()
        optimizer.step()
    digest = hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in model.parameters())).hexdigest()
    line = {
        "rank": rank,
        "world_size": dist.get_world_size(),
        "local_rank": int(os.environ["LOCAL_RANK"]),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "arguments": sys.argv[1:],
        "parameters": digest,
    }
    if "--fail" in sys.argv and rank == 1:
        raise ValueError("dataset index 5 out of range")
    print(json.dumps(line))
    dist.destroy_process_group()


if __name__ == "__main__":
    rank_process.run(main)
