"""What this machine can do at most: matrix products, large ones and those of given shapes, and moving memory.

usage: limits.py --threads N [--shapes FILE]   FILE has {"name": [[m, n, k], …]}; prints a JSON object.
"""

import argparse
import json
import time

import torch


def best(action, seconds=0.3, least=3):
    """The shortest time of an action, tried for a while."""
    action()
    times, end = [], time.perf_counter() + seconds
    while len(times) < least or time.perf_counter() < end:
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def peak(size=2048):
    a, b, c = (torch.ones(size, size) for _ in range(3))
    return 2 * size**3 / best(lambda: torch.mm(a, b, out=c), 1)


def triad(elements=32 << 20):
    """c = a + 2·b over arrays that no cache holds: two are read and one is written."""
    a, b, c = (torch.ones(elements) for _ in range(3))
    return 3 * 4 * elements / best(lambda: torch.add(a, b, alpha=2, out=c), 1)


def product_seconds(m, n, k):
    """The shortest time of a product, of several in a row where it is short."""
    a, b, c = torch.ones(m, k), torch.ones(k, n), torch.empty(m, n)
    count = max(1, int(2e6 / (2 * m * n * k)))

    def action():
        for _ in range(count):
            torch.mm(a, b, out=c)

    return best(action, 0.03, 5) / count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--shapes")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    shapes = {}
    if arguments.shapes:
        with open(arguments.shapes) as file:
            shapes = json.load(file)
    known = {}
    for products in shapes.values():
        for product in map(tuple, products):
            if product not in known:
                known[product] = product_seconds(*product)
    print(json.dumps({
        "operations_per_second": peak(), "bytes_per_second": triad(),
        "products_seconds": {name: sum(known[tuple(each)] for each in products) for name, products in shapes.items()},
    }))


if __name__ == "__main__":
    main()
