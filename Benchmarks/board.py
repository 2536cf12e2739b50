#!/usr/bin/env python3
"""Measures the live board with many long runs: time of the first list and of curves, memory, and CPU while idle.

    swift build -c release --product lockstep
    Benchmarks/board.py                        # 100 runs of 100,000 points each, about 0.9 GB in the temporary folder
    Benchmarks/board.py --runs 1
"""

import argparse
import http.client
import json
import math
import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def write_runs(folder, runs, points):
    """Writes runs of the same length with three metrics each; every run's losses are its own."""
    noise = [random.random() for _ in range(4096)]
    for run in range(runs):
        path = folder / f"run-{run:03d}"
        path.mkdir()
        (path / "config.json").write_text(json.dumps({"program": "toy", "seed": run}))
        with open(path / "metrics.jsonl", "w") as file:
            for step in range(1, points + 1):
                loss = 2.3 * math.exp(-3 * step / points) + 0.1 * noise[(step * 31 + run) % 4096]
                file.write(
                    f'{{"step":{step},"epoch":{1 + step // 1000},"loss":{loss:.9g},"learning_rate":0.01,'
                    f'"seconds":{step * 0.01:.6f}}}\n')
                if step % 1000 == 0:
                    file.write(f'{{"step":{step},"epoch":{step // 1000},"accuracy":{0.9 - loss / 10:.6g}}}\n')


class Board:
    """The command, served on a free port."""

    def __init__(self, command, folder):
        self.process = subprocess.Popen(
            [command, "board", str(folder), "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rstrip().rstrip("/").rsplit(":", 1)[1])

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        begin = time.perf_counter()
        connection.request("GET", path)
        body = connection.getresponse().read()
        seconds = time.perf_counter() - begin
        connection.close()
        return body, seconds

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1000
        return 0

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


def share_of_a_core(board, seconds):
    begin, used = time.perf_counter(), board.cpu()
    time.sleep(seconds)
    return (board.cpu() - used) / (time.perf_counter() - begin)


def measure(board, runs):
    begin = time.perf_counter()
    for path in ["/", "/main.js", "/theme.css"]:
        board.get(path)
    body, seconds = board.get("/api/runs")
    print(f"first page and list of {len(json.loads(body)['rows'])} runs: {(time.perf_counter() - begin) * 1000:.0f} ms")
    # A curve is there before everything has been read.
    _, seconds = board.get(f"/api/curves?metric=loss&run=run-{runs - 1:03d}&width=800")
    print(f"first curve, while runs are being read: {seconds * 1000:.0f} ms")
    while any(row["loading"] for row in json.loads(board.get("/api/runs")[0])["rows"]):
        time.sleep(0.1)
    print(f"all runs read after {time.perf_counter() - begin:.1f} s; memory {board.memory():.0f} MB")
    _, seconds = board.get("/api/curves?metric=loss&run=run-000&width=800")
    print(f"curve of another run, read for it: {seconds * 1000:.0f} ms")
    body, seconds = board.get("/api/curves?metric=loss&run=run-000&width=800&smoothing=0.6")
    print(f"the same again, smoothed: {seconds * 1000:.1f} ms, {len(body) / 1000:.0f} kB")
    several = "".join(f"&run=run-{run:03d}" for run in range(min(runs, 32)))
    for words in ["read for it", "again"]:
        body, seconds = board.get(f"/api/curves?metric=loss&width=800{several}")
        print(f"curves of {min(runs, 32)} runs, {words}: {seconds * 1000:.0f} ms, {len(body) / 1000:.0f} kB")
    print(f"memory then: {board.memory():.0f} MB")
    _, seconds = board.get("/api/runs")
    print(f"list: {seconds * 1000:.1f} ms")
    time.sleep(16)
    print(f"CPU with no page open: {share_of_a_core(board, 10) * 100:.2f} % of a core")
    page = subprocess.Popen(
        ["curl", "-sN", f"http://127.0.0.1:{board.port}/api/events?watch=run-000"], stdout=subprocess.DEVNULL)
    print(f"CPU with a page open on a finished run: {share_of_a_core(board, 10) * 100:.2f} % of a core")
    page.kill()
    page.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--command", default=str(REPOSITORY / ".build/release/lockstep"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_runs(Path(folder), options.runs, options.points)
        board = Board(options.command, folder)
        try:
            measure(board, options.runs)
        finally:
            board.close()


if __name__ == "__main__":
    main()
