"""How much of what the machine can do at most a program reaches."""

import json
import subprocess
import tempfile
from pathlib import Path

from . import report, shapes
from .contestants import Failed, threads


def measure(setting, programs, ranks):
    """For each number of ranks, what one process with its threads reaches: in matrix products, and in memory."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shapes.json"
        file.write_text(json.dumps({
            name: [[p.m, p.n, p.k] for layer in shapes.SHAPES[name][0] for p in layer.products()] for name in programs
        }))
        for count in sorted({threads(each) for each in ranks}):
            script = setting.benchmarks / "peers" / "limits.py"
            command = [setting.python, script, "--threads", str(count), "--shapes", file]
            done = subprocess.run(command, env=setting.environment(ranks[0]) | {"OMP_NUM_THREADS": str(count)},
                                  capture_output=True, text=True)
            if done.returncode:
                raise Failed(f"limits.py ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
            found[str(count)] = json.loads(done.stdout)
    return found


def table(results, limits):
    """Operations and bytes of a step beside what all cores can do."""
    most = limits[max(limits, key=int)]
    rows = []
    for program, ranks in results.pairs():
        time = results.of("milliseconds", program, ranks, report.OURS)
        if time is None:
            continue
        own = limits.get(str(threads(ranks)))
        operations, moved = ranks * shapes.operations(program), ranks * shapes.moved_bytes(program)
        products = own and 1000 * own["products_seconds"].get(program, 0)
        rows.append([
            program, str(ranks), report.number(time), report.number(operations / 1e6),
            report.number(operations / time / 1e6),
            share(operations / time * 1e3 / most["operations_per_second"]), report.number(products),
            share(products / time) if products else "–", report.number(moved / 1e6),
            report.number(moved / time / 1e6), share(moved / time * 1e3 / most["bytes_per_second"]),
        ])
    head = [
        "program", "ranks", "step ms", "MFLOP", "GFLOP/s", "of the peak", "its products alone ms", "of the step", "MB moved",
        "GB/s", "of the memory's",
    ]
    title = (
        f"What the machine can do: {most['operations_per_second'] / 1e9:.0f} GFLOP/s in large products and "
        f"{most['bytes_per_second'] / 1e9:.1f} GB/s from memory on all cores; and what our steps reach of it"
    )
    return report.table(title, head, rows)


def share(value):
    return f"{100 * value:.1f} %" if value < 0.1 else f"{100 * value:.0f} %"
