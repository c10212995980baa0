"""Operations and bytes of each op, forward and backward, as functions of its sizes."""

from __future__ import annotations

from dataclasses import dataclass

FLOAT = 4
"""Bytes of a float32."""


@dataclass(frozen=True)
class Count:
    """Operations and bytes.

    products   operations in matrix products and convolutions
    others     all other operations
    bytes      read and written, at least
    """

    products: int = 0
    others: int = 0
    bytes: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.products + other.products, self.others + other.others, self.bytes + other.bytes)

    def times(self, number: int) -> Count:
        """So many of them."""
        return Count(self.products * number, self.others * number, self.bytes * number)

    @property
    def flops(self) -> int:
        """All operations."""
        return self.products + self.others


@dataclass(frozen=True)
class Layer:
    """What one layer takes.

    forward, backward   backward gives the gradients of the parameters and, unless the layer is the first, of the input
    to_input            what the gradient of the network's input takes besides: a training step leaves it out
    parameters          how many numbers are trained
    """

    forward: Count
    backward: Count
    to_input: Count = Count()
    parameters: int = 0


def pointwise(elements: int, forward: int, backward: int, saved: int = 1) -> Layer:
    """Operations per element; backward reads the gradient and `saved` arrays and writes one."""
    return Layer(
        Count(others=forward * elements, bytes=2 * elements * FLOAT),
        Count(others=backward * elements, bytes=(saved + 2) * elements * FLOAT),
    )


def linear(n: int, inputs: int, outputs: int, *, bias: bool = True, first: bool = False) -> Layer:
    """x (n, inputs) -> (n, outputs): one product forward, and one each for the gradients of weight and input."""
    product, weight = 2 * n * inputs * outputs, inputs * outputs
    added = n * outputs if bias else 0
    x, y = n * inputs, n * outputs
    both = Count(product, added, (x + weight + y) * FLOAT)
    to_input = Count(product, 0, (weight + x) * FLOAT)
    backward = both if first else both + to_input
    return Layer(both, backward, to_input if first else Count(), weight + (outputs if bias else 0))


def conv2d(
    n: int, before: int, after: int, side: int, kernel: int, *, stride: int = 1, bias: bool = True, first: bool = False
) -> Layer:
    """x (n, before, side, side) -> (n, after, side / stride, side / stride), padded to keep the size at stride 1.

    Products with the padding count, as they do in every implementation that pads.
    """
    out = -(-side // stride)
    x, y, weight = n * before * side**2, n * after * out**2, after * before * kernel**2
    product = 2 * y * before * kernel**2
    both = Count(product, y if bias else 0, (x + weight + y) * FLOAT)
    to_input = Count(product, 0, (weight + x) * FLOAT)
    backward = both if first else both + to_input
    return Layer(both, backward, to_input if first else Count(), weight + (after if bias else 0))


def relu(elements: int) -> Layer:
    """max(x, 0), and the gradient where x is positive."""
    return pointwise(elements, 1, 1)


def tanh(elements: int) -> Layer:
    """tanh, and dy (1 - y^2)."""
    return pointwise(elements, 1, 3)


def sigmoid(elements: int) -> Layer:
    """1 / (1 + exp(-x)): a negation, exp, an addition, a division; and dy y (1 - y)."""
    return pointwise(elements, 4, 3)


def gelu(elements: int) -> Layer:
    """x (1 + erf(x / sqrt 2)) / 2: five; and dy (cdf + x pdf) with exp(-x^2 / 2) in pdf and cdf kept: seven."""
    return pointwise(elements, 5, 7, saved=2)


def dropout(elements: int) -> Layer:
    """The product with the mask and with 1 / (1 - rate), both ways; a mask has one byte an element."""
    way = Count(others=2 * elements, bytes=(2 * FLOAT + 1) * elements)
    return Layer(way, way)


def batch_norm(elements: int, features: int) -> Layer:
    """Forward: mean 1, centring 1, variance 2, division by the deviation 1, weight and bias 2. Backward: dbias 1, dweight 2, the
    product with the weight 1, and centred again 4.
    """
    return Layer(
        Count(others=7 * elements, bytes=(2 * elements + 6 * features) * FLOAT),
        Count(others=8 * elements, bytes=(3 * elements + 3 * features) * FLOAT),
        parameters=2 * features,
    )


def layer_norm(elements: int, features: int) -> Layer:
    """As batch_norm; the two means of backward are not those of dbias and dweight: 3 more."""
    return Layer(
        Count(others=7 * elements, bytes=(2 * elements + 2 * features) * FLOAT),
        Count(others=11 * elements, bytes=(3 * elements + 3 * features) * FLOAT),
        parameters=2 * features,
    )


def cross_entropy(n: int, classes: int) -> Layer:
    """Of logits (n, classes): largest, difference, exp, sum; and softmax less the label, over n."""
    return pointwise(n * classes, 4, 2)


def avg_pool2d(elements: int) -> Layer:
    """Windows of 2 x 2 over so many elements: an addition each; and a quarter of the gradient to each of four."""
    ways = (elements + elements // 4) * FLOAT
    return Layer(Count(others=elements, bytes=ways), Count(others=elements // 4, bytes=ways))


def global_avg_pool(elements: int, outputs: int) -> Layer:
    """The mean over each plane."""
    ways = (elements + outputs) * FLOAT
    return Layer(Count(others=elements, bytes=ways), Count(others=outputs, bytes=ways))


def attention(n: int, length: int, width: int, heads: int) -> Layer:
    """softmax(q k^T / sqrt d) v of q, k, v (n, length, width): two products forward, four backward. The scores (n, heads, length,
    length) are not counted as moved: a fused kernel keeps none. A causal mask saves nothing here.
    """
    product, scores, array = 2 * n * length**2 * width, n * heads * length**2, n * length * width * FLOAT
    return Layer(Count(2 * product, 6 * scores, 4 * array), Count(4 * product, 5 * scores, 8 * array))


def embedding(tokens: int, vocabulary: int, width: int) -> Layer:
    """A row for each token; and its gradient added to that row."""
    rows = tokens * width
    return Layer(Count(bytes=2 * rows * FLOAT), Count(others=rows, bytes=(rows + vocabulary * width) * FLOAT))


def recurrent(n: int, steps: int, inputs: int, hidden: int, gates: int) -> Layer:
    """An LSTM (4 gates) or a GRU (3), its input's gradient only where the network's input is asked for.

    Besides products, per unit and step: two additions and an activation of 4 operations a gate, and five operations that combine
    the gates; backward: three for each gate's activation, and ten.
    """
    product_x, product_h = 2 * n * inputs * gates * hidden, 2 * n * hidden * gates * hidden
    units, weights = n * hidden, (inputs + hidden) * gates * hidden
    step = Count(product_x + product_h, (6 * gates + 5) * units, (n * inputs + weights + (gates + 2) * units) * FLOAT)
    back = Count(product_x + 2 * product_h, (3 * gates + 10) * units, (n * inputs + 2 * weights + (gates + 3) * units) * FLOAT)
    to_input = Count(product_x, 0, n * inputs * FLOAT)
    return Layer(step.times(steps), back.times(steps), to_input.times(steps), weights + gates * hidden)


def update(parameters: int) -> Count:
    """SGD: each parameter less rate times gradient."""
    return Count(others=2 * parameters, bytes=3 * parameters * FLOAT)
