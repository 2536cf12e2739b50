#!/usr/bin/env python3
"""Measures the five programs against PyTorch and JAX on this machine, in one run.

    Benchmarks/run.py                    three rounds
    Benchmarks/run.py --quick            one short round, under five minutes
    Benchmarks/run.py --programs toy,template --ranks 2 --rounds 5

Needs the release build (`swift build -c release`) and `Benchmarks/setup`. Prints tables, and writes all numbers as JSON.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from harness import data, limits, machine, report
from harness.contestants import CONTESTANTS, Failed, Setting
from harness.programs import PROGRAMS

BENCHMARKS = Path(__file__).resolve().parent
REPOSITORY = BENCHMARKS.parent


def names(known):
    def parse(text):
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(known)}")
        return chosen

    return parse


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, help="how often everything is run (default: 3, with --quick 1)")
    parser.add_argument("--programs", type=names(PROGRAMS), default=list(PROGRAMS), help="some of them, with commas")
    parser.add_argument("--ranks", type=lambda text: [int(part) for part in text.split(",")], default=[1, 2])
    parser.add_argument(
        "--contestants", type=names(CONTESTANTS), default=list(CONTESTANTS),
        help="some of lockstep, pytorch, pytorch-tuned and jax, with commas",
    )
    parser.add_argument("--data", help="the folder with the data sets (default: LOCKSTEP_DATA, ../shared/data)")
    parser.add_argument("--build", type=Path, default=REPOSITORY / ".build" / "release", help="where the programs are")
    parser.add_argument("--output", type=Path, help="the JSON file (default: Benchmarks/results/<time>.json)")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    if min(arguments.ranks) < 1 or arguments.rounds < 1:
        parser.error("ranks and rounds are at least 1")
    return arguments


def find_python():
    """The Python of the benchmark's environment; without it the peers are left out."""
    python = os.environ.get("LOCKSTEP_PYTHON") or str(BENCHMARKS / ".venv" / "bin" / "python")
    if not os.access(python, os.X_OK):
        raise SystemExit(f"error: there is no {python}; run Benchmarks/setup first, or set LOCKSTEP_PYTHON.")
    return python


def has(python, module):
    check = subprocess.run([python, "-c", f"import {module}"], capture_output=True)
    return check.returncode == 0


def schedule(arguments):
    """Who runs what and when: all contestants of a program one after the other, another one first in each round."""
    for turn in range(arguments.rounds):
        for program in arguments.programs:
            for ranks in arguments.ranks:
                order = [each for each in arguments.contestants if each != "jax" or ranks == 1]
                shift = turn % len(order)
                for contestant in order[shift:] + order[:shift]:
                    yield turn, program, ranks, contestant


def measure(setting, arguments, runs):
    planned = list(schedule(arguments))
    for index, (turn, program, ranks, contestant) in enumerate(planned, 1):
        run = {
            "round": turn, "program": program, "ranks": ranks, "contestant": contestant,
            "batch_size": PROGRAMS[program].batch_size,
        }
        started = time.monotonic()
        try:
            run |= CONTESTANTS[contestant](setting, PROGRAMS[program], ranks)
            outcome = f"{report.number(run['milliseconds'])} ms a step"
        except (Failed, TimeoutError) as error:
            run["error"] = str(error)
            outcome = f"failed: {error}"
        runs.append(run)
        elapsed = time.monotonic() - started
        print(
            f"{index}/{len(planned)} {program}, {ranks} rank{'s' if ranks > 1 else ''}, {contestant}: {outcome} "
            f"({elapsed:.1f} s)", file=sys.stderr, flush=True,
        )


def main():
    arguments = parse()
    without_ours = "lockstep" not in arguments.contestants
    missing = [name for name in arguments.programs if not os.access(arguments.build / name, os.X_OK)]
    if missing and not without_ours:
        raise SystemExit(f"error: {arguments.build} has no {missing[0]}; run swift build -c release first.")
    python, torchvision = "", Path()
    location = data.find(REPOSITORY, arguments.data)
    if arguments.contestants != ["lockstep"]:
        python = find_python()
        if "jax" in arguments.contestants and not has(python, "jax"):
            print("JAX is not installed, and is left out", file=sys.stderr)
            arguments.contestants.remove("jax")
        torchvision = data.for_torchvision(BENCHMARKS, python, location)
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine.describe(REPOSITORY),
        "build": machine.describe_build(arguments.build, [] if without_ours else arguments.programs),
        "is_quick": arguments.quick,
        "rounds": arguments.rounds,
        "runs": [],
    }
    if result["machine"]["load_before"] > 0.5:
        print(f"the load is {result['machine']['load_before']:.2f}: something else runs here", file=sys.stderr)
    setting = Setting(arguments.build.resolve(), BENCHMARKS, python, location, torchvision, arguments.quick)
    started = time.monotonic()
    try:
        measure(setting, arguments, result["runs"])
    except KeyboardInterrupt:
        print("stopped; this is what was measured before", file=sys.stderr)
    if python and not without_ours:
        try:
            result["limits"] = limits.measure(setting, arguments.programs, arguments.ranks)
        except Failed as error:
            print(f"what the machine can do is left out: {error}", file=sys.stderr)
    result["seconds"] = time.monotonic() - started
    versions = {}
    for run in result["runs"]:
        versions |= run.pop("versions", {})
    result["versions"] = versions
    output = arguments.output or BENCHMARKS / "results" / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=1) + "\n")
    print(report.text(result))
    if "limits" in result:
        print("\n" + limits.table(report.Results(result["runs"]), result["limits"]))
    print(f"\nall numbers: {output}", file=sys.stderr)
    return 1 if any("error" in run for run in result["runs"]) else 0


if __name__ == "__main__":
    sys.exit(main())
