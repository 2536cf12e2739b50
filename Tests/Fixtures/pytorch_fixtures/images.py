"""MNIST, Fashion-MNIST and CIFAR-10 as torchvision's ToTensor and Normalize give them."""

import gzip
import tarfile

import numpy
import torch

from .vision import functional

IDX_FOLDERS = {"mnist": "mnist", "fashion": "fashion-mnist"}
STATISTICS = {"mnist": ((0.1307,), (0.3081,)), "cifar": ((0.5,) * 3, (0.5,) * 3)}


def images(name, data, train):
    """The pixels [n, channels, height, width] in uint8 and the labels [n] in int64."""
    if name == "cifar":
        return cifar(data / "cifar-10" / "cifar-10-binary.tar.xz", train)
    folder, split = data / IDX_FOLDERS[name], "train" if train else "t10k"
    pixels = idx(folder / f"{split}-images-idx3-ubyte.gz").unsqueeze(1)
    return pixels, idx(folder / f"{split}-labels-idx1-ubyte.gz").long()


def idx(path):
    content = gzip.decompress(path.read_bytes())
    rank = content[3]
    shape = numpy.frombuffer(content, ">i4", count=rank, offset=4)
    values = numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * rank)
    return torch.from_numpy(values.reshape(shape.tolist()).copy())


def cifar(archive, train):
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] if train else ["test_batch.bin"]
    contents = {}
    with tarfile.open(archive, "r:xz") as files:
        for member in files:
            name = member.name.rsplit("/", 1)[-1]
            if name in names:
                contents[name] = numpy.frombuffer(files.extractfile(member).read(), numpy.uint8)
    records = torch.from_numpy(numpy.concatenate([contents[name] for name in names]).reshape(-1, 3073))
    return records[:, 1:].reshape(-1, 3, 32, 32).contiguous(), records[:, 0].long()


def prepared(name, pixels):
    """A batch as float32, image by image through torchvision's own functions."""
    batch = []
    for image in pixels:
        tensor = functional.to_tensor(image.permute(1, 2, 0).numpy())
        if name in STATISTICS:
            tensor = functional.normalize(tensor, *STATISTICS[name])
        batch.append(tensor)
    return torch.stack(batch)
