"""Writing fixtures: JSON that reads well, safetensors, and values that depend on nothing but their name."""

import json
import zlib

import torch
from safetensors.torch import save_file


def name_seed(name):
    """A seed below 65536 that is the name's own, so that a new case changes no other."""
    return zlib.crc32(name.encode()) & 0xFFFF


class Values:
    """Fixed random tensors, drawn from a generator of their own."""

    def __init__(self, name, dtype=torch.float32):
        self.generator = torch.Generator().manual_seed(name_seed(name))
        self.dtype = dtype

    def normal(self, *shape):
        """Drawn in float32 and converted, so that every dtype has the same values."""
        return torch.randn(shape, generator=self.generator).to(self.dtype)

    def uniform(self, shape, low, high):
        return torch.empty(shape).uniform_(low, high, generator=self.generator).to(self.dtype)

    def integers(self, shape, low, high):
        return torch.randint(low, high, tuple(shape), generator=self.generator)


class Collection:
    """Cases (JSON) and the tensors they name (safetensors)."""

    def __init__(self, name):
        self.name = name
        self.cases = []
        self.tensors = {}

    def tensor(self, key, value):
        """Keeps a copy under `key`, and gives the key back for the case that names it."""
        if key in self.tensors:
            raise ValueError(f"{self.name}: two tensors are named {key}")
        self.tensors[key] = value.detach().clone().contiguous()
        return key

    def write(self, folder):
        names = [case["name"] for case in self.cases]
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"{self.name}: repeated case names {sorted(repeated)}")
        table = folder / f"{self.name}.json"
        write_json(table, {"torch": torch.__version__, "cases": self.cases})
        arrays = folder / f"{self.name}.safetensors"
        save_file(dict(sorted(self.tensors.items())), arrays)
        arrays.chmod(0o644)
        return [table, arrays]


def write_json(path, value):
    path.write_text(encoded(value) + "\n")


def encoded(value, depth=0):
    """JSON with an entry a line, except that what fits on a line or is a list of numbers stays on one."""
    flat = json.dumps(value, allow_nan=False, separators=(", ", ": "))
    if not isinstance(value, (dict, list, tuple)) or (depth > 0 and len(flat) + 2 * depth <= 120):
        return flat
    if isinstance(value, (list, tuple)) and not any(isinstance(item, (dict, list, tuple)) for item in value):
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    indent, close = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        lines = [f"{json.dumps(key)}: {encoded(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(indent + line for line in lines) + f"\n{close}}}"
    return "[\n" + ",\n".join(indent + encoded(item, depth + 1) for item in value) + f"\n{close}]"
