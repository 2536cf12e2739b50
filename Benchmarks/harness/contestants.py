"""One run of one program by one of those that are compared: ours, PyTorch as written and tuned, JAX."""

import json
import os
import re
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from peers.timing import block_milliseconds, median

from . import machine, processes
from .programs import MANUAL_EPOCHS

FIRST_LOSSES = 10
#: What would change how a process computes, or make it believe that it is a rank of somebody's.
REMOVED = (
    "RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "OMP_NUM_THREADS",
    "MKL_NUM_THREADS", "OMP_PROC_BIND", "KMP_AFFINITY", "GOMP_CPU_AFFINITY", "LD_PRELOAD", "XLA_FLAGS", "PYTHONPATH",
)


class Failed(Exception):
    """A run that gave no numbers, with the end of what it printed."""

    def __init__(self, what, seen=None):
        tail = seen.text.decode(errors="replace").replace("\r", "\n").strip().splitlines()[-8:] if seen else []
        super().__init__("\n    ".join([what, *tail]))


@dataclass(frozen=True)
class Setting:
    """What all runs have in common."""

    build: Path
    benchmarks: Path
    python: str
    data: Path
    torchvision: Path
    is_quick: bool

    def environment(self, ranks):
        values = {name: value for name, value in os.environ.items() if name not in REMOVED}
        return values | {
            "OMP_NUM_THREADS": str(threads(ranks)), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
        }


def threads(ranks):
    return max(1, machine.cores() // ranks)


def record(**values):
    """The numbers of a run, under the same names for all."""
    names = (
        "blocks", "milliseconds", "waiting_percent", "first_step_seconds", "memory_megabytes", "losses", "wall_seconds",
    )
    return {name: values.get(name) for name in names}


# Ours.


def ours(setting, program, ranks):
    return by_hand(setting, program, ranks) if program.is_manual else launched(setting, program, ranks)


def launched(setting, program, ranks):
    """A program with the accelerator: its times are those in its own metrics.jsonl."""
    length = program.length(setting.is_quick)
    command = [setting.build / program.name, "--data-directory", setting.data]
    # From four cores on a program may start several processes by itself.
    command += ["--nproc", str(ranks)] if ranks > 1 or machine.cores() >= 4 else []
    command += ["--repeat", str(program.repeat)] if program.repeat else []

    first_seconds = first_step(setting, program, ranks, command)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run" / "metrics.jsonl"
        tail = Tail(file)
        seen = processes.run(
            [[*command, "--max-steps", str(length.ours), "--run-directory", file.parent]],
            setting.environment(ranks), folder, limit=600, rank_count=ranks,
            is_trained=lambda: tail.line_count() >= length.ours,
        )
        steps = logged_steps(file)
    if len(steps) < length.ours or seen.status:
        raise Failed(f"{program.name} ended with status {seen.status} after {len(steps)} steps", seen)
    blocks = block_milliseconds(
        [step["seconds"] for step in steps], [step["epoch"] for step in steps], length.warm_up, length.block
    )
    return record(
        blocks=blocks, milliseconds=median(blocks), waiting_percent=waiting_percent(seen),
        first_step_seconds=first_seconds, memory_megabytes=[size / 1024 for size in seen.memory_kilobytes()],
        losses=[[step["loss"] for step in steps[:FIRST_LOSSES]]], wall_seconds=seen.wall,
    )


def waiting_percent(seen):
    """What the program says of the time that its training waited for batches."""
    found = re.search(rb"in [0-9.]+ s, ([0-9.]+) % of it waiting for data", seen.text)
    return float(found[1]) if found else None


def first_step(setting, program, ranks, command):
    """Seconds from the command to the end of the first optimizer step, in a run of one step.

    A line that the program prints soon after that step gives the moment, and metrics.jsonl how long after the step
    evaluations ended that come before the line.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run" / "metrics.jsonl"
        limit = ["--limit", "64"] if b"test" in program.first_line else []
        seen = processes.run(
            [[*command, "--max-steps", "1", "--run-directory", file.parent, *limit]],
            setting.environment(ranks), folder, limit=120,
        )
        lines = seen.lines(program.first_line)
        if seen.status or not lines:
            raise Failed(f"{program.name} ended with status {seen.status} in a run of one step", seen)
        records = [json.loads(line) for line in file.read_text().splitlines()]
    evaluation = next((each for each in records if "accuracy" in each), None) if limit else None
    after = evaluation["seconds"] - records[0]["seconds"] if evaluation else 0
    return lines[0][0] - seen.start - after


class Tail:
    """Counts the lines of a file that grows."""

    def __init__(self, path):
        self.path, self.position, self.count = path, 0, 0

    def line_count(self):
        try:
            with open(self.path, "rb") as file:
                file.seek(self.position)
                content = file.read()
        except FileNotFoundError:
            return 0
        self.position += len(content)
        self.count += content.count(b"\n")
        return self.count


def logged_steps(file):
    """The lines about steps; the last line may be cut."""
    steps = []
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    for line in lines:
        if line.endswith("\n"):
            values = json.loads(line)
            if "loss" in values:
                steps.append(values)
    return steps


def by_hand(setting, program, ranks):
    """A program that is started once for each rank: its times are those between the lines of its epochs."""
    length = program.length(setting.is_quick)
    command = [
        setting.build / program.name, "--data-directory", setting.data, "--threads", str(threads(ranks)),
    ]
    first = run_by_hand(setting, program, ranks, [*command, "--epochs", "1", "--max-steps", "1"])
    epochs = MANUAL_EPOCHS[setting.is_quick]
    seen = run_by_hand(
        setting, program, ranks, [*command, "--epochs", str(epochs), "--max-steps", str(length.ours)], measures=True
    )
    moments = [moment for moment, _ in seen.lines(b"Epoch: ")]
    if len(moments) < epochs:
        raise Failed(f"{program.name} printed {len(moments)} of {epochs} epochs", seen)
    blocks = [1000 * (end - start) / length.ours for start, end in zip(moments, moments[1:])]
    moment, line = first.lines(program.first_line)[0]
    return record(
        blocks=blocks, milliseconds=median(blocks), first_step_seconds=moment - first.start,
        memory_megabytes=[size / 1024 for size in seen.memory_kilobytes()],
        losses=[[float(line.rpartition(" ")[2])]], wall_seconds=seen.wall,
    )


def run_by_hand(setting, program, ranks, command, measures=False):
    address = f"tcp://127.0.0.1:{free_port()}"
    commands = [command]
    if ranks > 1:
        ranked = [*command, "--init-method", address, "--world-size", str(ranks), "--rank"]
        commands = [[*ranked, str(rank)] for rank in range(ranks)]
    with tempfile.TemporaryDirectory() as folder:
        seen = processes.run(
            commands, setting.environment(ranks), folder, limit=600, rank_count=ranks if measures else None
        )
    if seen.status or not seen.lines(program.first_line):
        raise Failed(f"{program.name} ended with status {seen.status}", seen)
    return seen


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# Peers.


def peer(setting, program, ranks, script, *options):
    length = program.length(setting.is_quick)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.json"
        command = [
            setting.python, setting.benchmarks / "peers" / script, program.name, "--steps", str(length.peers),
            "--warm-up", str(min(length.warm_up, length.peers // 5)), "--block", str(length.block),
            "--output", output, *options,
        ]
        seen = processes.run([command], setting.environment(ranks), folder, limit=900)
        if seen.status or not output.exists():
            raise Failed(f"{script} {program.name} ended with status {seen.status}", seen)
        result = json.loads(output.read_text())
    if result["threads"] != threads(ranks):
        raise Failed(f"{script} {program.name} computed with {result['threads']} threads, not {threads(ranks)}")
    sizes = result.get("memory_kilobytes")
    values = record(
        blocks=result["blocks"], milliseconds=result["milliseconds"],
        first_step_seconds=result["first_step"] - seen.start,
        memory_megabytes=sizes and [size / 1024 for size in sizes],
        losses=result.get("losses"), wall_seconds=seen.wall,
    )
    return values | {"versions": result["versions"]}


def pytorch(setting, program, ranks, tuned=False):
    options = ["--ranks", str(ranks), "--threads", str(threads(ranks)), "--data", setting.torchvision]
    options += ["--repeat", str(program.repeat)] if program.repeat else []
    return peer(setting, program, ranks, "pytorch_programs.py", *options, *(["--tuned"] if tuned else []))


def jax(setting, program, ranks):
    return peer(setting, program, ranks, "jax_programs.py")


CONTESTANTS = {
    "lockstep": ours,
    "pytorch": pytorch,
    "pytorch-tuned": lambda setting, program, ranks: pytorch(setting, program, ranks, tuned=True),
    "jax": jax,
}
