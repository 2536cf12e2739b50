"""The times of all-reduces between ranks, as the network probe measures them."""

import json
import subprocess

from .contestants import Failed, free_port
from .hosts import HOSTS

PORT = 23457


def times_between(build, hosts, environment, sizes):
    """Seconds of an all-reduce of each size between two hosts with Gloo: the median."""
    commands = [hosts.on(index, rank(build, "gloo", HOSTS[0], PORT, index, 2, sizes, 0.5)) for index in range(2)]
    return collect(commands, environment)


def times_here(build, environment, backend, ranks, sizes, limit):
    """Seconds of an all-reduce of each size between ranks of this machine: the median."""
    port = free_port()
    commands = [rank(build, backend, "127.0.0.1", port, index, ranks, sizes, limit) for index in range(ranks)]
    return collect(commands, environment)


def rank(build, backend, address, port, index, ranks, sizes, limit):
    return [
        str(build / "network-probe"), f"init=tcp://{address}:{port}", f"backend={backend}", f"rank={index}",
        f"world={ranks}", f"sizes={','.join(map(str, sizes))}", f"limit={limit}",
    ]


def collect(commands, environment):
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    outcomes = []
    try:
        for process in running:
            output, words = process.communicate(timeout=300)
            if process.returncode:
                message = json.loads(output)["message"] if output.startswith("{") else words.strip()
                raise Failed(f"network-probe: {message}")
            outcomes.append(json.loads(output))
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
    return {each["bytes"]: median_of(each["seconds"]) for each in outcomes[0]["allReduces"]}


def median_of(values):
    values = sorted(values)
    return values[len(values) // 2]
