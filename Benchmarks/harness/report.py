"""Tables of what was measured."""

import math

from peers.timing import median

from .programs import PROGRAMS

OURS = "lockstep"


class Results:
    """All runs: a dictionary each, with program, ranks, contestant, round, and the numbers."""

    def __init__(self, runs):
        self.runs = [run for run in runs if "error" not in run]

    def select(self, program, ranks, contestant):
        return [
            run for run in self.runs
            if (run["program"], run["ranks"], run["contestant"]) == (program, ranks, contestant)
        ]

    def of(self, name, *which):
        """The median of a number over the rounds."""
        return median([run[name] for run in self.select(*which) if run[name] is not None])

    def memory(self, *which):
        """Megabytes a rank: the median over ranks and rounds."""
        return median([size for run in self.select(*which) for size in run["memory_megabytes"] or []])

    def ratio(self, program, ranks, contestant):
        """The contestant's time of a step divided by ours: the median of the rounds' own ratios."""
        mine = {run["round"]: run["milliseconds"] for run in self.select(program, ranks, OURS)}
        return median([
            run["milliseconds"] / mine[run["round"]]
            for run in self.select(program, ranks, contestant)
            if mine.get(run["round"]) and run["milliseconds"]
        ])

    def spread(self, *which):
        """The slowest round divided by the fastest."""
        values = [run["milliseconds"] for run in self.select(*which) if run["milliseconds"]]
        return max(values) / min(values) if len(values) > 1 else None

    def pairs(self):
        seen = dict.fromkeys((run["program"], run["ranks"]) for run in self.runs)
        return sorted(seen, key=lambda pair: (list(PROGRAMS).index(pair[0]), pair[1]))


def number(value, digits=3, unit=""):
    """With three significant digits; a dash for what was not measured."""
    if value is None:
        return "–"
    magnitude = math.floor(math.log10(abs(value))) + 1 if value else 1
    return f"{value:.{max(0, digits - magnitude)}f}{unit}"


def table(title, head, rows):
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [title, ""]
    for index, row in enumerate(cells):
        left = [row[0].ljust(widths[0])]
        lines.append("| " + " | ".join(left + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]) + " |")
        if index == 0:
            rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
            lines.append("| " + " | ".join(rule) + " |")
    return "\n".join(lines)


def step_times(results):
    rows = []
    for program, ranks in results.pairs():
        pair = program, ranks
        rows.append(
            [f"{program}, batch {PROGRAMS[program].batch_size}", str(ranks)]
            + [number(results.of("milliseconds", *pair, each)) for each in (OURS, "pytorch", "pytorch-tuned", "jax")]
            + [number(results.ratio(*pair, each), 2) for each in ("pytorch", "pytorch-tuned", "jax")]
            + [number(results.spread(*pair, OURS), 3)]
        )
    head = [
        "program", "ranks", "Lockstep", "PyTorch", "tuned", "JAX", "PyTorch ÷ ours", "tuned ÷ ours", "JAX ÷ ours",
        "spread",
    ]
    return table("Milliseconds a step, and the others' divided by ours (above 1: ours is faster)", head, rows)


def starts_and_memory(results):
    rows = []
    for pair in results.pairs():
        times = [results.of("first_step_seconds", *pair, each) for each in (OURS, "pytorch", "pytorch-tuned", "jax")]
        sizes = [results.memory(*pair, each) for each in (OURS, "pytorch", "pytorch-tuned")]
        share = sizes[0] / sizes[1] if sizes[0] and sizes[1] else None
        rows.append(
            [pair[0], str(pair[1])] + [number(time) for time in times] + [number(size) for size in sizes]
            + [number(share, 2), number(results.of("waiting_percent", *pair, OURS), 2)]
        )
    head = [
        "program", "ranks", "Lockstep s", "PyTorch s", "tuned s", "JAX s", "Lockstep MB", "PyTorch MB", "tuned MB",
        "ours ÷ PyTorch", "waiting %",
    ]
    title = "Seconds from command to first optimizer step, memory of a rank, and what of its epochs ours waits for data"
    return table(title, head, rows)


def scaling(results):
    rows = []
    for program in dict.fromkeys(program for program, _ in results.pairs()):
        row = [program]
        for contestant in (OURS, "pytorch", "pytorch-tuned"):
            rates = []
            for ranks in (1, 2):
                time = results.of("milliseconds", program, ranks, contestant)
                rates.append(1000 * ranks * PROGRAMS[program].batch_size / time if time else None)
            row += [number(rate) for rate in rates]
            row.append(number(rates[1] / rates[0], 2) if all(rates) else "–")
        rows.append(row)
    names = ("Lockstep", "PyTorch", "tuned")
    head = ["program"] + [text for name in names for text in (f"{name} 1 rank", "2 ranks", "ratio")]
    return table("Samples a second on all cores: one rank with all of them, two ranks with half each", head, rows)


def largest_difference(results, program, ranks):
    """Between the first losses of ours and of tuned PyTorch, relative; and how many were compared."""
    mine = results.select(program, ranks, OURS)
    theirs = results.select(program, ranks, "pytorch-tuned")
    if not (mine and theirs):
        return None, 0
    ours, others = mine[0]["losses"][0], theirs[0]["losses"]
    if PROGRAMS[program].is_manual:  # its line has the mean over the ranks
        expected = [sum(losses[0] for losses in others) / len(others)]
    else:
        expected = others[0]
    pairs = list(zip(ours, expected))
    return max(abs(a - b) / max(abs(b), 1e-6) for a, b in pairs), len(pairs)


def losses(results):
    rows = []
    for program, ranks in results.pairs():
        difference, count = largest_difference(results, program, ranks)
        if difference is not None:
            rows.append([program, str(ranks), str(count), f"{difference:.1e}"])
    head = ["program", "ranks", "losses", "largest difference"]
    return table("The same work: the first losses of ours beside those of tuned PyTorch, relative", head, rows)


def text(report):
    results = Results(report["runs"])
    machine = report["machine"]
    rounds = report["rounds"]
    moments = sorted({program["built"] for program in report["build"]["programs"].values()})
    built = [f"Lockstep built {moments[-1]}"] if moments else []
    lines = [
        f"{machine['processor']}, {machine['cores']} cores; load {machine['load_before']:.2f} before; "
        f"{rounds} round{'s' if rounds != 1 else ''}{', quick' if report['is_quick'] else ''}; {report['date']}",
        ", ".join([*built, *(f"{name} {version}" for name, version in report["versions"].items())]),
    ]
    shown = [step_times(results), starts_and_memory(results)]
    if any(ranks == 2 for _, ranks in results.pairs()):
        shown.append(scaling(results))
    shown.append(losses(results))
    failures = [f"failed: {run['contestant']}, {run['program']}, {run['ranks']} ranks: {run['error']}"
                for run in report["runs"] if "error" in run]
    return "\n\n".join(["\n".join(lines), *shown, *failures])
