"""Small files of weights, from which the tests of the readers make damaged ones."""

import collections
import io
import zipfile

import torch
from safetensors.torch import save

from .files import Values

DTYPES = [
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32,
    torch.float64, torch.bool,
]


def make(arguments):
    folder = arguments.output / "corpus"
    folder.mkdir(exist_ok=True)
    written = []
    for name, content in {**pytorch_files(), **safetensors_files()}.items():
        path = folder / name
        path.write_bytes(content)
        written.append(path)
    return written


def pytorch_files():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    checkpoint = {
        "model": network.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "best": 0.5, "name": "größe",
        "parameter": network[0].weight, "size": torch.Size([2, 3]), "dtype": torch.float16, "key": b"\x00\xff",
        "counts": collections.Counter("abca"), "nothing": None, "seed": -(2**40), "flags": (True, False, []),
    }
    return {
        "state.pth": saved(network.state_dict()),
        "dtypes.pth": saved({str(dtype): elements(dtype) for dtype in DTYPES}),
        "views.pth": saved(views()),
        "checkpoint-2.pth": saved(checkpoint),
        "checkpoint-5.pth": saved(checkpoint, pickle_protocol=5),
        "packed-again.pth": packed_again(saved({"weight": torch.ones(3)})),
        "module.pth": saved(torch.nn.Linear(2, 1)),
    }


def safetensors_files():
    return {
        "dtypes.safetensors": save({str(dtype): elements(dtype) for dtype in DTYPES}, {"format": "pt"}),
        "empty.safetensors": save({}),
        "names.safetensors": save({"größe": torch.ones(2), "": torch.tensor(1), "e\u0301": torch.ones(0, 3)}),
    }


def elements(dtype):
    return Values(str(dtype)).integers((2, 3), 0, 2).to(dtype)


def views():
    table = torch.arange(12.0).reshape(3, 4)
    return {
        "table": table, "row": table[1], "column": table[:, 2], "transposed": table.t(), "again": table,
        "expanded": torch.tensor(7).expand(2, 3), "scalar": torch.tensor(2.5), "empty": table[:0],
    }


def saved(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def packed_again(content):
    """The same files, compressed, as a program other than PyTorch packs them."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(file, "w") as target:
        for entry in source.infolist():
            fixed = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            target.writestr(fixed, source.read(entry), zipfile.ZIP_DEFLATED)
    return file.getvalue()
