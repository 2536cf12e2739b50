#!/usr/bin/env python3
"""Writes a wheel with the layout of torch's and files of a few kilobytes, whole or with one chosen defect."""

import argparse
import base64
import hashlib
import os
import platform
import struct
import zipfile

MACHINES = {"x86_64": 62, "aarch64": 183}

DEFECTS = {
    "checksum": "a library differs from its checksum in RECORD",
    "unlisted": "RECORD does not list a header",
    "no-engine": "libtorch_cpu.so is not in the wheel",
    "outside": "a header's name leads out of the folder",
    "short-library": "libtorch_cpu.so ends before its table of sections, as RECORD says",
    "other-processor": "the libraries are built for a processor that this machine does not have",
}


def library(size, machine):
    """The shortest thing that reads as a whole shared library: a header, and a table of sections at its end."""
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 0, size - 64, 0, 64, 0, 0, 64, 1, 0)
    return header + bytes((7 * place) % 251 for place in range(size - len(header)))


def version_header(version):
    major, minor, patch = version.split("+")[0].split(".")
    return (f"#define TORCH_VERSION_MAJOR {major}\n"
            f"#define TORCH_VERSION_MINOR {minor}\n"
            f"#define TORCH_VERSION_PATCH {patch}\n").encode()


def members(version, defect):
    machine = MACHINES.get(platform.machine(), 62)
    if defect == "other-processor":
        machine = 243
    include = "torch/include"
    info = f"torch-{version}.dist-info"
    files = {
        "torch/__init__.py": b"",
        "torch/version.py": f"__version__ = '{version}'\n".encode(),
        f"{include}/ATen/core/Tensor.h": b"#pragma once\n",
        f"{include}/c10/macros/Macros.h": b"#pragma once\n",
        f"{include}/torch/headeronly/version.h": version_header(version),
        f"{include}/torch/csrc/api/include/torch/version.h": b"#include <torch/headeronly/version.h>\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/licenses/LICENSE": b"the licence\n",
        f"{info}/licenses/third_party/gloo/LICENSE": b"another licence\n",
    }
    for name in ("torch_cpu", "c10", "torch", "torch_global_deps", "torch_python", "shm", "jitbackend_test",
                 "torchbind_test", "backend_with_compiler", "aoti_custom_ops"):
        files[f"torch/lib/lib{name}.so"] = library(64_000 if name == "torch_cpu" else 4_000, machine)
    files["torch/lib/libgomp.so.1"] = library(4_000, machine)
    if defect == "no-engine":
        del files["torch/lib/libtorch_cpu.so"]
    elif defect == "outside":
        files[f"{include}/../../../outside.h"] = b"#pragma once\n"
    elif defect == "short-library":
        files["torch/lib/libtorch_cpu.so"] = files["torch/lib/libtorch_cpu.so"][:32_000]
    return files


def record(files, version, defect):
    lines = []
    for name, content in files.items():
        if defect == "unlisted" and name.endswith("Macros.h"):
            continue
        if defect == "checksum" and name.endswith("libc10.so"):
            content = content[:-1] + b"\xff"
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}\n")
    return "".join(lines) + f"torch-{version}.dist-info/RECORD,,\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="where the wheel goes; its path is printed")
    parser.add_argument("--version", default="2.13.0+cpu")
    defects = "; ".join(f"{name}: {text}" for name, text in DEFECTS.items())
    parser.add_argument("--defect", choices=DEFECTS, help=defects)
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    path = os.path.join(arguments.folder, f"torch-{arguments.version}-py3-none-any.whl")
    files = members(arguments.version, arguments.defect)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
        wheel.writestr(f"torch-{arguments.version}.dist-info/RECORD",
                       record(files, arguments.version, arguments.defect))
    print(path)


if __name__ == "__main__":
    main()
