"""Lays the data sets out as torchvision reads them: plain IDX files, and CIFAR-10 in its pickled form.

usage: torchvision_layout.py --data DIR --output DIR

DIR has the originals: mnist/ and fashion-mnist/ with the .gz files, cifar-10/ with cifar-10-binary.tar.xz or .gz.
"""

import argparse
import gzip
import pickle
import shutil
import tarfile
from pathlib import Path

import numpy

IDX_FOLDERS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}
IDX_FILES = [
    f"{split}-{kind}"
    for split in ("train", "t10k")
    for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
]
PIXELS = 3 * 32 * 32
CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()


def write_whole(path, write):
    """Gives the file its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        write(file)
    partial.replace(path)


def lay_out_idx(data, output):
    for source, target in IDX_FOLDERS.items():
        for name in IDX_FILES:
            path = output / target / "raw" / name
            if path.exists():
                continue
            with gzip.open(data / source / f"{name}.gz") as content:
                write_whole(path, lambda file: shutil.copyfileobj(content, file))


def lay_out_cifar(data, output):
    folder = output / "cifar-10-batches-py"
    marker = folder / "batches.meta"
    if marker.exists():
        return
    archives = sorted((data / "cifar-10").glob("cifar-10-binary.tar.*"))
    if not archives:
        raise SystemExit(f"error: {data / 'cifar-10'} has no cifar-10-binary.tar.xz or .gz")
    with tarfile.open(archives[0]) as files:
        for member in files:
            name = Path(member.name)
            if name.suffix != ".bin":
                continue
            records = numpy.frombuffer(files.extractfile(member).read(), numpy.uint8).reshape(-1, 1 + PIXELS)
            batch = {"data": records[:, 1:].copy(), "labels": records[:, 0].tolist()}
            write_whole(folder / name.stem, lambda file: pickle.dump(batch, file, protocol=4))
    write_whole(marker, lambda file: pickle.dump({"label_names": CLASSES}, file, protocol=4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    lay_out_idx(arguments.data, arguments.output)
    lay_out_cifar(arguments.data, arguments.output)


if __name__ == "__main__":
    main()
