"""Step times out of moments, in the same way for everything that is measured."""

import statistics


def block_milliseconds(seconds, epochs, warm_up, size):
    """Milliseconds a step, one number for each block of `size` steps after the first `warm_up`.

    `seconds[i]` is the moment at which step i ended and `epochs[i]` its epoch. A block that crosses the end of an
    epoch is left out, since something else than a step happens there.
    """
    blocks = []
    start = warm_up
    while start + size < len(seconds):
        end = start + size
        if epochs[start] == epochs[end]:
            blocks.append(1000 * (seconds[end] - seconds[start]) / size)
        start = end
    return blocks


def median(values):
    """The median, or None of nothing."""
    return statistics.median(values) if values else None
