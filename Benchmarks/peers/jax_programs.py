"""The models of the five programs as one compiled JAX step, in one process on the CPU, and its time.

usage: jax_programs.py PROGRAM [--steps N] [--output FILE]

Random samples in memory, a new batch each step. A block of steps is timed to the end of its last one: JAX computes
while the next batch is gathered. Nothing is printed or logged in the loop.
"""

import argparse
import functools
import json
import os
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy

from timing import median

PERCEPTRONS = {
    "fashion-mnist": ((784, 512, 512, 10), 32, 1e-2),
    "mnist-two-machines": ((784, 256, 10), 64, 1e-2),
    "toy": ((2, 30, 20, 2), 2, 0.5),
    "template": ((10, 1), 32, 1e-3),
}
ROWS = 20000


def cross_entropy(logits, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1).mean()


class Perceptron:
    """Layers of `inputs × outputs` with ReLU between them, and SGD."""

    def __init__(self, name, random):
        self.sizes, self.batch_size, self.rate = PERCEPTRONS[name]
        self.state = [
            (jnp.asarray(random.standard_normal(shape, numpy.float32) * shape[0] ** -0.5), jnp.zeros(shape[1]))
            for shape in zip(self.sizes, self.sizes[1:])
        ]
        self.inputs = random.standard_normal((ROWS, self.sizes[0]), numpy.float32)
        self.regression = self.sizes[-1] == 1
        self.targets = (
            random.standard_normal((ROWS, 1), numpy.float32)
            if self.regression
            else random.integers(0, self.sizes[-1], ROWS).astype(numpy.int32)
        )

    def loss(self, layers, inputs, targets):
        for weight, bias in layers[:-1]:
            inputs = jax.nn.relu(inputs @ weight + bias)
        weight, bias = layers[-1]
        outputs = inputs @ weight + bias
        return jnp.square(outputs - targets).mean() if self.regression else cross_entropy(outputs, targets)

    def step(self, layers, inputs, targets):
        value, gradients = jax.value_and_grad(self.loss)(layers, inputs, targets)
        return jax.tree.map(lambda old, gradient: old - self.rate * gradient, layers, gradients), value


class ResNet18:
    """torchvision's ResNet-18 with ten classes, images in the order height, width, channels; and Adam."""

    WIDTHS = (64, 128, 256, 512)
    batch_size = 16

    def __init__(self, random):
        self.random = random
        weights = {"stem": self.kernel(7, 3, 64), "head": (jnp.zeros((512, 10)), jnp.zeros(10))}
        norms = {"stem": self.norm(64)}
        for stage, block, inputs, width in self.blocks():
            name = f"{stage}.{block}"
            weights[f"{name}.first"] = self.kernel(3, inputs, width)
            weights[f"{name}.second"] = self.kernel(3, width, width)
            norms[f"{name}.first"], norms[f"{name}.second"] = self.norm(width), self.norm(width)
            if inputs != width:
                weights[f"{name}.shortcut"] = self.kernel(1, inputs, width)
                norms[f"{name}.shortcut"] = self.norm(width)
        parameters = weights, norms
        running = {name: (jnp.zeros_like(bias), jnp.ones_like(scale)) for name, (scale, bias) in norms.items()}
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        self.state = parameters, running, (zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.zeros(()))
        self.inputs = random.standard_normal((2000, 32, 32, 3), numpy.float32)
        self.targets = random.integers(0, 10, len(self.inputs)).astype(numpy.int32)

    def kernel(self, size, inputs, outputs):
        values = self.random.standard_normal((size, size, inputs, outputs), numpy.float32)
        return jnp.asarray(values * (2 / (size * size * outputs)) ** 0.5)

    @staticmethod
    def norm(width):
        return jnp.ones(width), jnp.zeros(width)

    def blocks(self):
        inputs = 64
        for stage, width in enumerate(self.WIDTHS):
            for block in range(2):
                yield stage, block, inputs, width
                inputs = width

    def loss(self, parameters, running, images, labels):
        weights, norms = parameters
        updated = {}

        def convolve(values, name, stride=1):
            kernel = weights[name]
            padding = [(kernel.shape[0] // 2,) * 2] * 2
            order = ("NHWC", "HWIO", "NHWC")
            return jax.lax.conv_general_dilated(values, kernel, (stride, stride), padding, dimension_numbers=order)

        def normalize(values, name):
            mean, variance = values.mean((0, 1, 2)), values.var((0, 1, 2))
            old_mean, old_variance = running[name]
            updated[name] = 0.9 * old_mean + 0.1 * mean, 0.9 * old_variance + 0.1 * variance
            scale, bias = norms[name]
            return (values - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + bias

        values = jax.nn.relu(normalize(convolve(images, "stem", 2), "stem"))
        values = jax.lax.reduce_window(
            values, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), ((0, 0), (1, 1), (1, 1), (0, 0))
        )
        for stage, block, inputs, width in self.blocks():
            name, stride = f"{stage}.{block}", 1 if inputs == width else 2
            first = jax.nn.relu(normalize(convolve(values, f"{name}.first", stride), f"{name}.first"))
            second = normalize(convolve(first, f"{name}.second"), f"{name}.second")
            if inputs != width:
                values = normalize(convolve(values, f"{name}.shortcut", stride), f"{name}.shortcut")
            values = jax.nn.relu(values + second)
        weight, bias = weights["head"]
        return cross_entropy(values.mean((1, 2)) @ weight + bias, labels), updated

    def step(self, state, images, labels):
        parameters, running, (means, squares, count) = state
        gradient = jax.value_and_grad(self.loss, has_aux=True)
        (value, running), gradients = gradient(parameters, running, images, labels)
        count = count + 1
        means = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, means, gradients)
        squares = jax.tree.map(lambda old, new: 0.999 * old + 0.001 * new * new, squares, gradients)
        rate, correction = 1e-3 / (1 - 0.9**count), 1 - 0.999**count
        parameters = jax.tree.map(
            lambda old, mean, square: old - rate * mean / (jnp.sqrt(square / correction) + 1e-8),
            parameters, means, squares,
        )
        return (parameters, running, (means, squares, count)), value


def run(arguments):
    random = numpy.random.default_rng(arguments.seed)
    name = arguments.program
    model = ResNet18(random) if name == "cifar10-resnet18" else Perceptron(name, random)
    step = functools.partial(jax.jit, donate_argnums=0)(model.step)
    order = random.permutation(len(model.inputs))
    state, position, batch_size = model.state, 0, model.batch_size

    def advance(count):
        nonlocal state, position
        value = None
        for _ in range(count):
            if position + batch_size > len(order):
                position = 0
            indices = order[position : position + batch_size]
            position += batch_size
            state, value = step(state, model.inputs[indices], model.targets[indices])
        value.block_until_ready()

    advance(1)
    first_step = time.monotonic()
    advance(max(1, arguments.warm_up))
    blocks = []
    for _ in range(max(1, (arguments.steps - arguments.warm_up) // arguments.block)):
        start = time.perf_counter()
        advance(arguments.block)
        blocks.append(1000 * (time.perf_counter() - start) / arguments.block)
    return {
        "program": name,
        "ranks": 1,
        "threads": len(os.sched_getaffinity(0)),
        "blocks": blocks,
        "milliseconds": median(blocks),
        "first_step": first_step,
        "versions": {"jax": jax.__version__},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", choices=[*PERCEPTRONS, "cifar10-resnet18"])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=20, help="steps that are not counted")
    parser.add_argument("--block", type=int, default=16, help="steps that are timed together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", help="where the result goes (default: standard output)")
    arguments = parser.parse_args()
    result = json.dumps(run(arguments))
    if arguments.output:
        Path(arguments.output).write_text(result)
    else:
        print(result)


if __name__ == "__main__":
    main()
