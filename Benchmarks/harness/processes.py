"""Running a command on a pseudo-terminal of its own, with the time of all that it prints, and its ranks' memory."""

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import termios
import time
from dataclasses import dataclass, field

MEMORY_EVERY = 0.4


@dataclass
class Run:
    """What was seen of a command; moments are those of the monotonic clock, which all processes share."""

    start: float
    status: int = 0
    wall: float = 0
    chunks: list = field(default_factory=list)
    memory: list = field(default_factory=list)

    @property
    def text(self):
        return b"".join(chunk for _, chunk in self.chunks)

    def lines(self, start):
        """The moment and text of each whole line that has `start` in it."""
        found, rest = [], b""
        for moment, chunk in self.chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            found += [(moment, line[line.index(start) :].strip().decode()) for line in whole if start in line]
        return found

    def memory_kilobytes(self):
        """Each rank's proportional set in the later half of the run: the median, so that start and end do not count."""
        later = self.memory[len(self.memory) // 2 :]
        return [statistics.median(sizes) for sizes in zip(*later)]


def run(commands, environment, folder, limit, rank_count=None, is_trained=lambda: False):
    """Starts the commands together on one terminal, waits for them, and gives what was seen.

    - rank_count: how many ranks to find and to measure; none without it.
    - is_trained: asked a few times a second; once it is true, memory is no longer measured.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = Run(time.monotonic())
    processes = []
    try:
        try:
            for command in commands:
                processes.append(subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, cwd=folder, env=environment,
                    start_new_session=True,
                ))
        finally:
            os.close(slave)
        follow(master, seen, processes, limit, rank_count, is_trained)
    finally:
        end(processes)
        os.close(master)
    seen.wall = time.monotonic() - seen.start
    seen.status = next((process.returncode for process in processes if process.returncode), 0)
    return seen


def follow(master, seen, processes, limit, rank_count, is_trained):
    """Reads until all writers are gone."""
    ranks, next_look = [], seen.start + MEMORY_EVERY
    while True:
        ready, _, _ = select.select([master], [], [], 0.1)
        if ready:
            try:
                chunk = os.read(master, 1 << 16)
            except OSError:  # EIO: nobody has the terminal any more
                return
            if not chunk:
                return
            seen.chunks.append((time.monotonic(), chunk))
        now = time.monotonic()
        if now < next_look:
            continue
        next_look = now + MEMORY_EVERY
        if now - seen.start > limit:
            raise TimeoutError(f"{processes[0].args} has not ended within {limit} s")
        if rank_count and not is_trained():
            ranks = ranks or find_ranks(processes, rank_count)
            sizes = [proportional_set_kilobytes(rank) for rank in ranks]
            if sizes and all(sizes):
                seen.memory.append(sizes)


def end(processes):
    """Waits for processes that are ending, and kills what does not."""
    for process in processes:
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
            process.wait()


def signal_group(process, number):
    if process.poll() is None:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass


def find_ranks(processes, count):
    """The processes that train: the commands themselves, or those below them that have a rank in their environment."""
    if len(processes) == count:
        return [process.pid for process in processes]
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except OSError:  # it has ended
                continue
    family, found = {process.pid for process in processes}, {}
    for pid in sorted(parents):
        ancestor = pid
        while ancestor in parents and ancestor not in family:
            ancestor = parents[ancestor]
        if ancestor in family and pid not in family:
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    values = dict(pair.partition(b"=")[::2] for pair in file.read().split(b"\0"))
            except OSError:
                continue
            if b"RANK" in values:
                found.setdefault(int(values[b"RANK"]), pid)
    return [found[rank] for rank in sorted(found)] if len(found) == count else []


def proportional_set_kilobytes(pid):
    """A process's memory, where what several processes map counts in equal parts; None where it has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as lines:
            return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), None)
    except OSError:
        return None
