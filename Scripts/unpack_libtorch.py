#!/usr/bin/env python3
"""Unpacks LibTorch's headers and libraries out of a torch wheel and verifies them.

Every file is compared with the SHA-256 that the wheel's own RECORD states, and the wheel with the pinned SHA-256 where
its name is known here. Files of an earlier, interrupted run that agree with RECORD are kept.

Exit status: 0 done, 2 the wheel is not usable, 3 the folder cannot be written.
"""

import argparse
import base64
import csv
import errno
import hashlib
import io
import os
import re
import shutil
import sys
import zipfile

PINNED_WHEELS = {
    "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl":
        "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
}

# The same engine may come in wheels for other interpreters.
PINNED_ENGINES = {
    "872a1bfef377d7f17e9e698b9928d5a4ecd30646ddb68ad22e1fa06bf30bf73f":
        "libtorch_cpu.so of 2.13.0+cpu for x86_64",
}

# Python's own binding, its companions and PyTorch's test libraries: nothing of ours loads them.
LEFT_OUT = re.compile(
    r"lib(torch_python|shm|jitbackend_test|torchbind_test|backend_with_compiler|aoti_custom_ops)\.so"
)

BLOCK = 1 << 20


class UnusableWheel(Exception):
    """The wheel is corrupt, of another version, or no torch wheel at all."""


def sha256_of(stream):
    digest = hashlib.sha256()
    for block in iter(lambda: stream.read(BLOCK), b""):
        digest.update(block)
    return digest.hexdigest()


def destination(member):
    """Where a member of the wheel goes below the LibTorch folder; None for what is not needed."""
    if member.endswith("/"):
        return None
    if member.startswith("torch/include/"):
        return member[len("torch/"):]
    library = re.fullmatch(r"torch/(lib/[^/]+\.so[^/]*)", member)
    if library and not LEFT_OUT.match(library[1][len("lib/"):]):
        return library[1]
    licence = re.fullmatch(r"torch-[^/]+\.dist-info/((?:licenses/.+)|LICENSE|NOTICE)", member)
    return licence[1] if licence else None


def check_name(path):
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or any(part in ("", ".", "..") for part in parts):
        raise UnusableWheel(f"it names a file outside its folder: {path}")


def read_record(wheel):
    """The SHA-256 in hexadecimal and the size of each file that RECORD lists."""
    names = [name for name in wheel.namelist() if re.fullmatch(r"torch-[^/]+\.dist-info/RECORD", name)]
    if len(names) != 1:
        raise UnusableWheel("it is no torch wheel: there is no torch-….dist-info/RECORD in it")
    record = {}
    for row in csv.reader(io.StringIO(wheel.read(names[0]).decode("utf-8"))):
        if len(row) == 3 and row[1].startswith("sha256="):
            text = row[1][len("sha256="):]
            digest = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()
            record[row[0]] = (digest, int(row[2]))
    return record


def check_version(wheel, expected):
    source = wheel.read("torch/version.py").decode("utf-8")
    found = re.search(r"^__version__ = ['\"]([^'\"]+)['\"]", source, re.MULTILINE)
    if not found or found[1] != expected:
        raise UnusableWheel(f"it holds torch {found[1] if found else 'of no stated version'}, not {expected}")


def is_whole(path, digest, size):
    try:
        if os.path.islink(path) or os.path.getsize(path) != size:
            return False
        with open(path, "rb") as stream:
            return sha256_of(stream) == digest
    except OSError:
        return False


def write_member(wheel, member, path, digest, size):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.remove(path)
    found = hashlib.sha256()
    with wheel.open(member) as source, open(path, "wb") as target:
        for block in iter(lambda: source.read(BLOCK), b""):
            found.update(block)
            target.write(block)
        target.flush()
        if size > BLOCK:
            os.fsync(target.fileno())
    if found.hexdigest() != digest:
        os.remove(path)
        raise UnusableWheel(f"{member} does not agree with the checksum in RECORD")


def plan(wheel):
    """The files to unpack: (member, path below the folder, SHA-256, size), sorted by path."""
    record = read_record(wheel)
    chosen = []
    for member in wheel.namelist():
        path = destination(member)
        if path is None:
            continue
        check_name(path)
        if member not in record:
            raise UnusableWheel(f"RECORD states no checksum for {member}")
        chosen.append((member, path) + record[member])
    for needed in ("lib/libtorch_cpu.so", "lib/libc10.so"):
        if not any(path == needed for _, path, _, _ in chosen):
            raise UnusableWheel(f"torch/{needed} is not in it (is it a wheel for Linux?)")
    return sorted(chosen, key=lambda file: file[1])


def drop_strangers(folder, files):
    """Removes what an earlier run or another hand left in the folder and this wheel does not have."""
    expected = {path for _, path, _, _ in files}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.relpath(path, folder) not in expected:
                os.remove(path)


def check_space(folder, files):
    missing = sum(size for _, path, _, size in files if not os.path.exists(os.path.join(folder, path)))
    free = shutil.disk_usage(folder).free
    if free < missing:
        text = f"{missing // 1_000_000 + 1} MB are needed, {free // 1_000_000} MB are free"
        raise OSError(errno.ENOSPC, text, folder)


def write_text(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def write_records(folder, files, version):
    """VERSION, the checksums of all files, and the sizes that a quick check compares (written last)."""
    write_text(folder, "VERSION", f"{version}\n")
    write_text(folder, "SHA256SUMS", "".join(f"{digest}  {path}\n" for _, path, digest, _ in files))
    headers = [size for _, path, _, size in files if path.startswith("include/")]
    sizes = [f"{size} {path}\n" for _, path, _, size in files if path.startswith("lib/")]
    write_text(folder, "INSTALLED", f"{sum(headers)}/{len(headers)} include\n" + "".join(sizes))


def check_wheel_file(path):
    """Compares the file with its pinned checksum. False where none is pinned for this name."""
    pinned = PINNED_WHEELS.get(os.path.basename(path))
    if pinned is None:
        return False
    with open(path, "rb") as stream:
        found = sha256_of(stream)
    if found != pinned:
        raise UnusableWheel(f"its SHA-256 is {found}, and {pinned} is pinned")
    return True


def unpack(wheel_path, folder, version):
    pinned = check_wheel_file(wheel_path)
    with zipfile.ZipFile(wheel_path) as wheel:
        files = plan(wheel)
        check_version(wheel, version)
        os.makedirs(folder, exist_ok=True)
        drop_strangers(folder, files)
        check_space(folder, files)
        for member, path, digest, size in files:
            target = os.path.join(folder, path)
            if not is_whole(target, digest, size):
                write_member(wheel, member, target, digest, size)
        write_records(folder, files, version)
    if not pinned and not any(digest in PINNED_ENGINES for _, _, digest, _ in files):
        print(f"note: no checksum is pinned for {os.path.basename(wheel_path)}; its files agree with its own RECORD",
              file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True, help="the version that the wheel must hold")
    parser.add_argument("wheel", help="the wheel's file")
    parser.add_argument("folder", help="the folder to fill")
    arguments = parser.parse_args()
    try:
        unpack(arguments.wheel, arguments.folder, arguments.version)
    except (UnusableWheel, zipfile.BadZipFile, zipfile.LargeZipFile, KeyError, ValueError, EOFError) as problem:
        print(f"error: the wheel {arguments.wheel} cannot be used: {problem}.\n"
              "  It is corrupt or another one than expected; nothing was installed. Run make setup again to fetch it\n"
              "  anew; where LIBTORCH_WHEEL names it, replace that file.", file=sys.stderr)
        return 2
    except OSError as problem:
        cause = "the disk is full" if problem.errno in (errno.ENOSPC, errno.EDQUOT) else "cannot unpack LibTorch"
        print(f"error: {cause}: {problem.strerror or problem} ({problem.filename or arguments.folder}).\n"
              f"  Nothing was installed. Free about 500 MB below {os.path.dirname(arguments.folder) or '.'}, make it\n"
              "  writable, and run make setup again.", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
