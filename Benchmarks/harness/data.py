"""Finds the data sets, and lays them out for torchvision."""

import os
import subprocess
from pathlib import Path

FILES = ("mnist/train-images-idx3-ubyte.gz", "fashion-mnist/train-images-idx3-ubyte.gz")


def find(repository, given):
    """The folder with the originals: the one that is given, LOCKSTEP_DATA, or shared/data beside the repository."""
    places = [given] if given else [os.environ.get("LOCKSTEP_DATA"), repository.parent / "shared" / "data"]
    for place in places:
        if place and all((Path(place) / name).exists() for name in FILES):
            return Path(place).resolve()
    searched = ", ".join(str(place) for place in places if place)
    raise SystemExit(
        f"error: no data sets in {searched}: {FILES[0]} and its like are expected. "
        "Name the folder that has mnist/, fashion-mnist/ and cifar-10/ with --data."
    )


def for_torchvision(benchmarks, python, data):
    """A folder in torchvision's layout in the user's cache; made once."""
    cache = os.environ.get("XDG_CACHE_HOME")
    root = Path(cache) if cache and Path(cache).is_absolute() else Path.home() / ".cache"
    folder = root / "lockstep" / "torchvision"
    script = benchmarks / "peers" / "torchvision_layout.py"
    subprocess.run([python, script, "--data", data, "--output", folder], check=True)
    return folder
