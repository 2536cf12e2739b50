"""The indices of every rank of DistributedSampler, and the batches of Accelerate's BatchSamplerShard."""

import json
from importlib.metadata import version
from itertools import product

import torch
from accelerate.data_loader import BatchSamplerShard
from torch.utils.data import BatchSampler, DistributedSampler, SequentialSampler

LENGTHS = (0, 1, 2, 5, 9, 17, 64, 67)
WORLDS = (1, 2, 3, 4, 7)
SEEDS_AND_EPOCHS = ((0, 0), (0, 3), (42, 0), (42, 3))
BATCHED_LENGTHS = (0, 1, 2, 3, 7, 20, 21, 22, 23, 24, 25)
WORLDS_AND_BATCHES = ((1, 3), (2, 3), (2, 4), (3, 1), (3, 6), (4, 8))


def make(arguments):
    shares = []
    for length, world, drop_last in product(LENGTHS, WORLDS, (False, True)):
        shares.append(recorded(length, world, False, drop_last, 0, 0))
        for seed, epoch in SEEDS_AND_EPOCHS:
            shares.append(recorded(length, world, True, drop_last, seed, epoch))
    batched = [
        recorded_batches(length, world, size, drop_last, even, split)
        for length, (world, size) in product(BATCHED_LENGTHS, WORLDS_AND_BATCHES)
        for drop_last, even, split in product((False, True), repeat=3)
        if not split or size % world == 0
    ]
    return [
        written(arguments.output / "samplers.json", {"torch": torch.__version__}, shares),
        written(arguments.output / "batch_samplers.json", {"accelerate": version("accelerate")}, batched),
    ]


def written(path, heading, cases):
    """A file with a case a line."""
    entries = "".join(f'  "{key}": "{value}",\n' for key, value in heading.items())
    lines = ",\n    ".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path.write_text(f'{{\n{entries}  "cases": [\n    {lines}\n  ]\n}}\n')
    return path


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


def recorded_batches(length, world, batch_size, drop_last, even_batches, split_batches):
    batches = BatchSampler(SequentialSampler(range(length)), batch_size, drop_last)
    shards = [BatchSamplerShard(batches, world, rank, split_batches, even_batches) for rank in range(world)]
    return {
        "length": length,
        "world": world,
        "batch_size": batch_size,
        "drop_last": drop_last,
        "even_batches": even_batches,
        "split_batches": split_batches,
        "ranks": [list(shard) for shard in shards],
    }
