#!/usr/bin/env python3
"""Compares what `lockstep plan` predicts for two machines with a training on two hosts behind a relay of limited rate.

    Benchmarks/plan_validation.py
    Benchmarks/plan_validation.py --programs fashion-mnist,cifar10-resnet18 --rates 200mbit,1gbit --rounds 3

The hosts are network namespaces, so it needs Linux, root's privileges, `ip` and `tc`; and the release build.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import data, machine, processes, report
from harness.allreduce import times_between
from harness.contestants import REMOVED, Failed, logged_steps
from harness.hosts import HOSTS, MTU, Hosts
from harness.programs import PROGRAMS
from peers.timing import block_milliseconds, median

BENCHMARKS = Path(__file__).resolve().parent
REPOSITORY = BENCHMARKS.parent
BLOCK, WARM_UP = 4, 8
PORT = 23456
SMALL, LARGE = 4096, 4 << 20


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default="fashion-mnist", help="with commas (default: fashion-mnist)")
    parser.add_argument(
        "--rates", default="50mbit,200mbit,1gbit,unlimited", help="of the relay, as tc writes them (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=15, help="about how long each training takes (default: 15)")
    parser.add_argument("--data", help="the folder with the data sets (default: LOCKSTEP_DATA, ../shared/data)")
    parser.add_argument("--build", type=Path, default=REPOSITORY / ".build" / "release", help="where the programs are")
    parser.add_argument("--output", type=Path, help="a JSON file for all numbers")
    arguments = parser.parse_args()
    arguments.programs = arguments.programs.split(",")
    for name in arguments.programs:
        if name not in PROGRAMS or PROGRAMS[name].is_manual:
            parser.error(f"{name} is no program that is started with --nnodes")
    arguments.build = arguments.build.resolve()
    return arguments


def environment():
    values = {name: value for name, value in os.environ.items() if name not in REMOVED}
    return values | {"OMP_NUM_THREADS": "1", "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def train(arguments, hosts, program, location, count, steps, folder):
    """Milliseconds a step of `count` hosts with a rank of one thread each."""
    folder.mkdir()
    commands = []
    for index in range(count):
        words = [
            arguments.build / program.name, "--data-directory", location, "--threads", "1", "--max-steps", steps,
            "--run-directory", folder / str(index),
        ]
        words += ["--repeat", program.repeat] if program.repeat else []
        if count > 1:
            words += ["--nnodes", count, "--node-rank", index, "--rendezvous", f"tcp://{HOSTS[0]}:{PORT}"]
        commands.append(hosts.on(index, words))
    tail = folder / "0" / "metrics.jsonl"
    seen = processes.run(commands, environment(), folder, limit=600)
    lines = logged_steps(tail)
    if seen.status or len(lines) < steps:
        raise Failed(f"{program.name} ended with status {seen.status} after {len(lines)} of {steps} steps", seen)
    blocks = block_milliseconds([line["seconds"] for line in lines], [line["epoch"] for line in lines], WARM_UP, BLOCK)
    return median(blocks)


def predict(arguments, program, alone, rate, latency, memory):
    command = [
        arguments.build / "lockstep", "plan", "--model", program.name, "--batch-size", program.batch_size, "--nodes", "2",
        "--bandwidth", rate, "--latency", f"{1e6 * latency}us", "--compute", alone, "--json", "--mtu", MTU,
        "--memory-bandwidth", f"{memory}B/s",
    ]
    if program.name == "cifar10-resnet18":
        command += ["--optimizer", "adam"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"lockstep plan: {done.stderr.strip()}")
    return 1000 * json.loads(done.stdout)["predictions"][0]["stepSeconds"]


def validate(arguments, hosts, program, location, memory, rows):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for rate in arguments.rates.split(","):
            # Close to what it is compared with, since a machine is not equally busy all the time.
            run = folder / f"alone-{rate}"
            alone = train(arguments, hosts, program, location, 1, 150 if program.batch_size > 16 else 60, run)
            hosts.limit(None if rate == "unlimited" else rate)
            times = times_between(arguments.build, hosts, environment(), [SMALL, LARGE])
            # With two ranks an all-reduce is two messages, each after the other, and as many bytes as it has.
            latency = times[SMALL] / 2
            carried = LARGE / max(times[LARGE] - times[SMALL], 1e-9)
            # What has no nominal rate carries what was seen.
            bandwidth = f"{carried * (MTU + 38) / (MTU - 52)}B/s" if rate == "unlimited" else rate
            expected = predict(arguments, program, run / "0", bandwidth, latency, memory)
            steps = int(min(400, max(WARM_UP + 3 * BLOCK + 1, 1000 * arguments.seconds / expected)))
            for turn in range(arguments.rounds):
                measured = train(
                    arguments, hosts, program, location, 2, steps, folder / f"{rate}-{turn}"
                )
                rows.append({
                    "program": program.name, "rate": rate, "round": turn, "alone_milliseconds": alone,
                    "latency_microseconds": 1e6 * latency, "carried_megabytes_per_second": carried / 1e6,
                    "steps": steps, "measured_milliseconds": measured, "predicted_milliseconds": expected,
                })
                print(
                    f"{program.name}, {rate}: {measured:.2f} ms measured, {expected:.2f} ms predicted",
                    file=sys.stderr, flush=True,
                )


def text(rows):
    cells = [
        [
            row["program"], row["rate"], report.number(row["alone_milliseconds"]),
            report.number(row["latency_microseconds"]), report.number(row["carried_megabytes_per_second"]),
            report.number(row["predicted_milliseconds"]), report.number(row["measured_milliseconds"]),
            report.number(row["predicted_milliseconds"] / row["measured_milliseconds"], 2),
        ]
        for row in rows
    ]
    head = [
        "program", "rate", "one rank ms", "message us", "carried MB/s", "predicted ms", "measured ms",
        "predicted ÷ measured",
    ]
    return report.table("A step on two hosts behind a relay of limited rate, predicted and measured", head, cells)


def main():
    arguments = parse()
    reason = Hosts.why_not()
    if reason:
        raise SystemExit(f"error: {reason}")
    needed = [*arguments.programs, "lockstep", "network-probe"]
    missing = [name for name in needed if not os.access(arguments.build / name, os.X_OK)]
    if missing:
        raise SystemExit(f"error: {arguments.build} has no {missing[0]}; run swift build -c release first.")
    location = data.find(REPOSITORY, arguments.data)
    memory = machine.copied_bytes_per_second()
    rows = []
    load = os.getloadavg()[0]
    started = time.monotonic()
    with Hosts() as hosts:
        for name in arguments.programs:
            validate(arguments, hosts, PROGRAMS[name], location, memory, rows)
    print(f"load {load:.2f} before; memory {memory / 1e9:.1f} GB/s; {time.monotonic() - started:.0f} s\n")
    print(text(rows))
    if arguments.output:
        result = {
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "machine": machine.describe(REPOSITORY), "memory_bytes_per_second": memory, "rows": rows,
        }
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
