"""What a step of each program multiplies and moves, from the shapes of its layers."""

from dataclasses import dataclass

BYTES = 4  # float32


@dataclass(frozen=True)
class Product:
    """A matrix product of m×k by k×n."""

    m: int
    n: int
    k: int

    @property
    def operations(self):
        return 2 * self.m * self.n * self.k


@dataclass(frozen=True)
class Layer:
    """A linear layer, or a convolution as a product: `rows` are the samples, or the pixels of all samples."""

    rows: int
    inputs: int
    outputs: int
    parameters: int
    #: Elements that the layer reads and writes for a batch.
    read: int
    written: int
    is_first: bool

    def products(self):
        """Forward; the gradient of the weights; the gradient of the input, which the first layer does without."""
        forward = Product(self.rows, self.outputs, self.inputs)
        weights = Product(self.outputs, self.inputs, self.rows)
        inputs = Product(self.rows, self.inputs, self.outputs)
        return [forward, weights] + ([] if self.is_first else [inputs])


def linear(batch, widths):
    return [
        Layer(batch, inputs, outputs, inputs * outputs + outputs, batch * inputs, batch * outputs, index == 0)
        for index, (inputs, outputs) in enumerate(zip(widths, widths[1:]))
    ]


def resnet18(batch, size=32, classes=10):
    layers = []

    def convolution(inputs, outputs, kernel, before, after):
        layers.append(Layer(
            batch * after * after, inputs * kernel * kernel, outputs, inputs * outputs * kernel * kernel + 2 * outputs,
            batch * inputs * before * before, batch * outputs * after * after, not layers,
        ))

    half = (size + 1) // 2
    convolution(3, 64, 7, size, half)
    size, channels = (half + 1) // 2, 64
    for stage in range(4):
        width = 64 << stage
        for block in range(2):
            strided = block == 0 and stage > 0
            after = (size + 1) // 2 if strided else size
            convolution(channels, width, 3, size, after)
            convolution(width, width, 3, after, after)
            if strided:
                convolution(channels, width, 1, size, after)
            size, channels = after, width
    return layers + [
        Layer(batch, channels, classes, channels * classes + classes, batch * channels, batch * classes, False)
    ]


#: Bytes that the optimizer reads and writes for a parameter: SGD reads it and its gradient and writes it; Adam reads and
#: writes two moments too.
UPDATED = {"sgd": 3 * BYTES, "adam": 7 * BYTES}

SHAPES = {
    "fashion-mnist": (linear(32, [784, 512, 512, 10]), "sgd"),
    "mnist-two-machines": (linear(64, [784, 256, 10]), "sgd"),
    "toy": (linear(2, [2, 30, 20, 2]), "sgd"),
    "template": (linear(32, [10, 1]), "sgd"),
    "cifar10-resnet18": (resnet18(16), "adam"),
}


def parameters(program):
    return sum(layer.parameters for layer in SHAPES[program][0])


def operations(program):
    """Floating-point operations of the products of a step; a multiplication and an addition are two."""
    return sum(product.operations for layer in SHAPES[program][0] for product in layer.products())


def moved_bytes(program):
    """The least that a step moves in memory where nothing stays in a cache from one layer to the next.

    A layer's parameters are read forward and backward and their gradients written; its input is read twice (forward,
    and for the gradient of the weights) and its output written; the gradient of the output is read twice and that of
    the input written; the optimizer reads and writes what it must. Normalisation and activations are left out.
    """
    layers, optimizer = SHAPES[program]
    total = 0
    for layer in layers:
        total += (2 if layer.is_first else 3) * layer.parameters * BYTES
        total += (2 * layer.read + 3 * layer.written + (0 if layer.is_first else layer.read)) * BYTES
        total += layer.parameters * UPDATED[optimizer]
    return total
