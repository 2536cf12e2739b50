"""The five programs on several ranks: each rank is a process with PyTorch's own DistributedDataParallel."""

import copy
import json
import os
import tempfile
from pathlib import Path

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from .files import write_json
from .programs import (
    DOUBLE_STEPS,
    PROGRAMS,
    SEED,
    STEPS,
    Samples,
    first_batches,
    late_mean,
    state_checksums,
    train,
)

WORLDS = {name: (2,) if name == "cifar" else (2, 3, 4) for name in PROGRAMS}
LOOPBACK = "127.0.0.1"


def run_rank(rank, world, name, data, port, folder):
    """What a process does: one rank of a program, its results written as JSON."""
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    store = distributed.TCPStore(LOOPBACK, port, world, is_master=False)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=world)
    try:
        result = record(name, PROGRAMS[name], data, rank, world)
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
    (folder / f"{rank}.json").write_text(json.dumps(result))


def record(name, program, data, rank, world):
    torch.manual_seed(SEED)
    model = program.model()
    samples = Samples(name, data)
    initial = copy.deepcopy(model).double() if name == "cifar" else None
    shared = DistributedDataParallel(model)
    result = {
        "indices": first_batches(program, samples, rank, world),
        "losses": train(program, shared, samples, STEPS, rank=rank, world=world),
    }
    if initial is not None:
        shared = DistributedDataParallel(initial)
        result["losses_float64"] = train(
            program, shared, samples, DOUBLE_STEPS, torch.float64, rank=rank, world=world
        )
        result["mean_loss_50_to_99"] = late_mean(result["losses"])
    else:
        result["parameters_after"] = state_checksums(model)
    return result


def job(name, data, world):
    """Runs all ranks; what must be equal on all of them is said once."""
    store = distributed.TCPStore(LOOPBACK, 0, world, is_master=True, wait_for_workers=False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        torch.multiprocessing.spawn(run_rank, (world, name, data, store.port, folder), nprocs=world)
        ranks = [json.loads((folder / f"{rank}.json").read_text()) for rank in range(world)]
    entry = {"world": world, "ranks": ranks}
    if "parameters_after" in ranks[0]:
        states = [rank.pop("parameters_after") for rank in ranks]
        if any(state != states[0] for state in states):
            raise RuntimeError(f"{name} at world {world}: the ranks ended with different parameters")
        entry["parameters_after"] = states[0]
    return entry


def make(arguments):
    path = arguments.output / "distributed.json"
    data = arguments.data.resolve()
    recorded = {name: [job(name, data, world) for world in worlds] for name, worlds in WORLDS.items()}
    write_json(
        path,
        {
            "torch": torch.__version__,
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "seed": SEED,
            "steps": STEPS,
            "programs": recorded,
        },
    )
    return [path]
