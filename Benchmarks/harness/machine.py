"""What the numbers were measured on."""

import datetime
import hashlib
import os
import platform
import subprocess
import time


def cores():
    return len(os.sched_getaffinity(0))


def first_line(path, start):
    try:
        with open(path) as lines:
            return next((line.partition(":")[2].strip() for line in lines if line.startswith(start)), "")
    except OSError:
        return ""


def output(*command, folder=None):
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def describe(repository):
    return {
        "processor": first_line("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": cores(),
        "memory": first_line("/proc/meminfo", "MemTotal"),
        "system": platform.platform(),
        "load_before": os.getloadavg()[0],
        "commit": output("git", "rev-parse", "--short=12", "HEAD", folder=repository),
        "has_changes": bool(output("git", "status", "--porcelain", "--untracked-files=no", folder=repository)),
        "python": platform.python_version(),
        "swift": (output("swift", "--version").splitlines() or [""])[0],
    }


def describe_build(folder, names):
    """The programs that were measured: their own bytes, since they need not be of the repository's commit."""
    programs = {}
    for name in names:
        path = folder / name
        built = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.timezone.utc)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        programs[name] = {"built": built.strftime("%Y-%m-%d %H:%M UTC"), "sha256": digest}
    return {"folder": str(folder), "programs": programs}


def copied_bytes_per_second(megabytes=256, times=5):
    """Bytes read and written a second by one thread that copies memory larger than any cache; the best of a few."""
    # Not zeros, for which the system has one page in all.
    source, target = (bytearray(b"\1") * (megabytes << 20) for _ in range(2))
    view, into = memoryview(source), memoryview(target)
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        into[:] = view
        best = min(best, time.perf_counter() - start)
    return 2 * len(source) / best
