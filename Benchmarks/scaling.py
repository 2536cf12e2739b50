#!/usr/bin/env python3
"""Measures how training grows on this machine: from one rank to two, in all-reduces, and in memory.

    Benchmarks/scaling.py
    Benchmarks/scaling.py --quick --programs fashion-mnist --backends gloo

Needs the release build (`swift build -c release`). Prints tables, and writes all numbers as JSON.
"""

import argparse
import datetime
import json
import os
import sys
import time
from pathlib import Path

from harness import data, machine, report, shapes
from harness.allreduce import times_here
from harness.contestants import CONTESTANTS, Failed, Setting
from harness.programs import PROGRAMS
from peers.timing import median

BENCHMARKS = Path(__file__).resolve().parent
REPOSITORY = BENCHMARKS.parent
#: Bytes: a small model's, Fashion-MNIST's and ResNet-18's gradients, and what lies between.
SIZES = [4, 4096, 65536, 524288, 2678824, 11 << 20, 44726568]


def listed(kind=str):
    return lambda text: [kind(part) for part in text.split(",")]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, help="how often everything is run (default: 3, with --quick 1)")
    parser.add_argument("--programs", type=listed(), default=list(PROGRAMS), help="some of them, with commas; or none")
    parser.add_argument("--ranks", type=listed(int), default=[1, 2], help="of the programs (default: 1,2)")
    parser.add_argument("--backends", type=listed(), default=["gloo", "shm"], help="of the all-reduces")
    parser.add_argument("--all-reduce-ranks", type=listed(int), default=[2, 4], help="(default: 2,4)")
    parser.add_argument("--sizes", type=listed(int), default=SIZES, help="bytes of the all-reduces")
    parser.add_argument("--data", help="the folder with the data sets (default: LOCKSTEP_DATA, ../shared/data)")
    parser.add_argument("--build", type=Path, default=REPOSITORY / ".build" / "release", help="where the programs are")
    parser.add_argument("--output", type=Path, help="the JSON file (default: Benchmarks/results/scaling-<time>.json)")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    arguments.programs = [] if arguments.programs == ["none"] else arguments.programs
    unknown = [name for name in arguments.programs if name not in PROGRAMS]
    if unknown:
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(PROGRAMS)}")
    arguments.build = arguments.build.resolve()
    return arguments


def train(setting, arguments, runs):
    """Our programs at each number of ranks, in rounds that begin with another number."""
    for turn in range(arguments.rounds):
        for program in arguments.programs:
            shift = turn % len(arguments.ranks)
            for ranks in arguments.ranks[shift:] + arguments.ranks[:shift]:
                run = {
                    "round": turn, "program": program, "ranks": ranks, "contestant": report.OURS,
                    "batch_size": PROGRAMS[program].batch_size,
                }
                try:
                    run |= CONTESTANTS[report.OURS](setting, PROGRAMS[program], ranks)
                except (Failed, TimeoutError) as error:
                    run["error"] = str(error)
                runs.append(run)
                print(f"{program}, {ranks}: {run.get('error', run.get('milliseconds'))}", file=sys.stderr, flush=True)


def reduce(setting, arguments, times):
    """All-reduces of each backend; one that is not there is left out."""
    for turn in range(arguments.rounds):
        for ranks in arguments.all_reduce_ranks:
            for backend in list(arguments.backends):
                try:
                    seconds = times_here(
                        setting.build, setting.environment(ranks), backend, ranks, arguments.sizes,
                        0.2 if arguments.quick else 1,
                    )
                except Failed as error:
                    print(f"{backend} is left out: {error}", file=sys.stderr)
                    arguments.backends.remove(backend)
                    continue
                for size, value in seconds.items():
                    times.append({"round": turn, "backend": backend, "ranks": ranks, "bytes": size, "seconds": value})
                print(f"all-reduces of {ranks} ranks, {backend}: measured", file=sys.stderr, flush=True)


def growth(results, ranks):
    """Samples a second at each number of ranks, all of them with all cores together, beside one rank."""
    rows = []
    for program in dict.fromkeys(program for program, _ in results.pairs()):
        row = [program]
        rates = {}
        for count in ranks:
            step = results.of("milliseconds", program, count, report.OURS)
            rates[count] = 1000 * count * PROGRAMS[program].batch_size / step if step else None
            row.append(report.number(rates[count]))
        row += [
            report.number(rates[count] / rates[1], 2) if rates[count] and rates.get(1) else "–" for count in ranks if count > 1
        ]
        rows.append(row)
    head = ["program", *(f"{count} rank{'s' if count > 1 else ''}" for count in ranks)]
    head += [f"{count} ÷ 1" for count in ranks if count > 1]
    return report.table("Samples a second on all cores", head, rows)


def all_reduces(times):
    """Milliseconds by size, and gigabytes a second that a rank sends and receives."""
    columns = sorted({(each["ranks"], each["backend"]) for each in times})
    rows = []
    for size in sorted({each["bytes"] for each in times}):
        row = [f"{size:,}"]
        for column in columns:
            values = [each["seconds"] for each in times if (each["ranks"], each["backend"]) == column and each["bytes"] == size]
            seconds = median(values)
            row.append(report.number(seconds and 1000 * seconds))
            # What each rank sends in a ring.
            row.append(report.number(seconds and 2 * (column[0] - 1) / column[0] * size / seconds / 1e9, 2))
        rows.append(row)
    head = ["bytes"] + [text for ranks, name in columns for text in (f"{name}, {ranks} ranks ms", "GB/s")]
    return report.table("All-reduces of float32 on this machine: milliseconds, and what a rank sends in a second", head, rows)


def memory(results):
    """Proportional set size of a rank beside what its model needs."""
    rows = []
    for program, ranks in sorted(results.pairs(), key=lambda pair: (shapes.parameters(pair[0]), pair[1])):
        count = shapes.parameters(program)
        # Parameters and gradients; and two moments of Adam.
        copies = 4 if shapes.SHAPES[program][1] == "adam" else 2
        needed = copies * 4 * count / 2**20
        size = results.memory(program, ranks, report.OURS)
        rows.append([
            program, str(ranks), f"{count:,}", report.number(needed), report.number(size),
            report.number(size - needed) if size else "–",
        ])
    head = ["program", "ranks", "parameters", "parameters, gradients, moments MB", "memory of a rank MB", "all else MB"]
    return report.table("Memory of a rank (proportional set size) beside the model's", head, rows)


def main():
    arguments = parse()
    needed = [*arguments.programs, *(["network-probe"] if arguments.backends else [])]
    missing = [name for name in needed if not os.access(arguments.build / name, os.X_OK)]
    if missing:
        raise SystemExit(f"error: {arguments.build} has no {missing[0]}; run swift build -c release first.")
    location = data.find(REPOSITORY, arguments.data) if arguments.programs else Path()
    setting = Setting(arguments.build, BENCHMARKS, "", location, Path(), arguments.quick)
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine.describe(REPOSITORY), "build": machine.describe_build(arguments.build, arguments.programs),
        "is_quick": arguments.quick, "rounds": arguments.rounds, "runs": [], "all_reduces": [],
    }
    try:
        reduce(setting, arguments, result["all_reduces"])
        train(setting, arguments, result["runs"])
    except KeyboardInterrupt:
        print("stopped; this is what was measured before", file=sys.stderr)
    output = arguments.output or BENCHMARKS / "results" / f"scaling-{time.strftime('%Y%m%d-%H%M%S')}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=1) + "\n")
    results = report.Results(result["runs"])
    shown = [f"load {result['machine']['load_before']:.2f} before; {arguments.rounds} rounds; {result['date']}"]
    shown += [all_reduces(result["all_reduces"])] if result["all_reduces"] else []
    shown += [growth(results, arguments.ranks), memory(results)] if results.runs else []
    print("\n\n".join(shown))
    print(f"\nall numbers: {output}", file=sys.stderr)
    return 1 if any("error" in run for run in result["runs"]) else 0


if __name__ == "__main__":
    sys.exit(main())
