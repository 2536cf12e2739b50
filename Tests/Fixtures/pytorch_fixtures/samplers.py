"""The indices of every rank of DistributedSampler."""

import json
from itertools import product

import torch
from torch.utils.data import DistributedSampler

LENGTHS = (0, 1, 2, 5, 9, 17, 64, 67)
WORLDS = (1, 2, 3, 4, 7)
SEEDS_AND_EPOCHS = ((0, 0), (0, 3), (42, 0), (42, 3))


def make(arguments):
    lines = []
    for length, world, drop_last in product(LENGTHS, WORLDS, (False, True)):
        lines.append(recorded(length, world, False, drop_last, 0, 0))
        for seed, epoch in SEEDS_AND_EPOCHS:
            lines.append(recorded(length, world, True, drop_last, seed, epoch))
    path = arguments.output / "samplers.json"
    cases = ",\n    ".join(json.dumps(line, separators=(",", ":")) for line in lines)
    path.write_text(f'{{\n  "torch": "{torch.__version__}",\n  "cases": [\n    {cases}\n  ]\n}}\n')
    return [path]


def recorded(length, world, shuffle, drop_last, seed, epoch):
    ranks = []
    for rank in range(world):
        sampler = DistributedSampler(
            range(length), num_replicas=world, rank=rank, shuffle=shuffle, seed=seed, drop_last=drop_last
        )
        sampler.set_epoch(epoch)
        ranks.append(list(sampler))
    return {
        "length": length,
        "world": world,
        "shuffle": shuffle,
        "drop_last": drop_last,
        "seed": seed,
        "epoch": epoch,
        "ranks": ranks,
    }
