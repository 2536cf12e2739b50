"""Makes the fixtures that the Swift tests compare with: what PyTorch computes, written beside this file.

usage: make_fixtures.py [--data DIR] [--output DIR] [NAME ...]
  NAME      the fixtures to make (programs, layers, losses, ...); all of them without a name
  --data    the folder with mnist/, fashion-mnist/ and cifar-10/; ../shared/data beside the project by default
  --output  where the files go; the folder of this script by default

Needs what requirements.txt names. Two runs on one machine give the same bytes.
"""

import argparse
import time
from pathlib import Path

import torch

from pytorch_fixtures import (
    clipping,
    corpus,
    distributed,
    layers,
    losses,
    optimizers,
    precision,
    programs,
    random_streams,
    resnet,
    samplers,
    schedules,
    tensor_operations,
    transforms,
)

HERE = Path(__file__).resolve().parent

MAKERS = {
    "layers": layers.make,
    "losses": losses.make,
    "optimizers": optimizers.make,
    "schedules": schedules.make,
    "clipping": clipping.make,
    "precision": precision.make,
    "random": random_streams.make,
    "samplers": samplers.make,
    "transforms": transforms.make,
    "resnet": resnet.make,
    "corpus": corpus.make,
    "tensors": tensor_operations.make,
    "programs": programs.make,
    "distributed": distributed.make,
}


def main():
    parser = argparse.ArgumentParser(description="Makes the PyTorch fixtures of the Swift tests.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(MAKERS)}")
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data")
    parser.add_argument("--output", type=Path, default=HERE)
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in MAKERS]
    if unknown:
        parser.error(f"unknown fixture {', '.join(unknown)}; known are {', '.join(MAKERS)}")

    torch.set_num_threads(1)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or MAKERS:
        start = time.perf_counter()
        written = MAKERS[name](arguments)
        sizes = ", ".join(f"{path.name} {path.stat().st_size:,} bytes" for path in written)
        print(f"{name}: {sizes} ({time.perf_counter() - start:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
