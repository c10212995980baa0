"""The layers of each model at a size, and what a phase of it takes. Sizes are those of benchmarks/networks.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import pairwise

from benchmarks.counts import ops
from benchmarks.counts.ops import Count, Layer
from benchmarks.sizes import CLASSES, HEADS, VOCABULARY


def count(model: str, size: Sequence[int], phase: str) -> Count:
    """What one call of a phase takes: "forward", "forward+backward" (gradients of parameters and input) or "step" (gradients of
    parameters alone, and the update).
    """
    counted = layers(model, size)
    forward, backward, to_input = (
        _sum(getattr(layer, part) for layer in counted) for part in ("forward", "backward", "to_input")
    )
    if phase == "forward":
        return forward
    return forward + backward + (ops.update(parameters(model, size)) if phase == "step" else to_input)


def parameters(model: str, size: Sequence[int]) -> int:
    """How many numbers are trained."""
    return sum(layer.parameters for layer in layers(model, size))


def layers(model: str, size: Sequence[int]) -> list[Layer]:
    """The layers of a model at a size, in order."""
    return list(LAYERS[model](*size))


def _sum(counts: Iterator[Count]) -> Count:
    return reduce(Count.__add__, counts, Count())


def two_layer(n: int, inputs: int, hidden: int) -> Iterator[Layer]:
    """relu units, one sigmoid, binary cross entropy."""
    yield ops.linear(n, inputs, hidden, first=True)
    yield ops.relu(n * hidden)
    yield ops.linear(n, hidden, 1)
    yield ops.sigmoid(n)
    yield ops.pointwise(n, 7, 5)


def mlp(n: int, *widths: int) -> Iterator[Layer]:
    """Hidden layers of linear, batch norm, relu, dropout."""
    for k, (before, after) in enumerate(pairwise(widths)):
        yield ops.linear(n, before, after, bias=False, first=k == 0)
        yield ops.batch_norm(n * after, after)
        yield ops.relu(n * after)
        yield ops.dropout(n * after)
    yield ops.linear(n, widths[-1], CLASSES)
    yield ops.cross_entropy(n, CLASSES)


def lenet(n: int, side: int, kernel: int, *channels: int) -> Iterator[Layer]:
    """Two stages of convolution, tanh and mean pooling."""
    for k, (before, after) in enumerate(pairwise(channels)):
        yield ops.conv2d(n, before, after, side, kernel, first=k == 0)
        yield ops.tanh(n * after * side**2)
        yield ops.avg_pool2d(n * after * side**2)
        side //= 2
    yield ops.linear(n, channels[-1] * side**2, CLASSES)
    yield ops.cross_entropy(n, CLASSES)


def resnet(n: int, side: int, inputs: int, *channels: int) -> Iterator[Layer]:
    """A stem and basic blocks; one with a projection where channels change."""
    yield from _conv_norm(n, inputs, channels[0], side, 3, first=True)
    yield ops.relu(n * channels[0] * side**2)
    for before, after in pairwise(channels):
        stride = 2 if before != after else 1
        yield from _conv_norm(n, before, after, side, 3, stride=stride)
        if stride == 2:
            yield from _conv_norm(n, before, after, side, 1, stride=2)
        side = -(-side // stride)
        elements = n * after * side**2
        yield ops.relu(elements)
        yield from _conv_norm(n, after, after, side, 3)
        yield ops.pointwise(elements, 1, 1)  # the sum with the skip, and that of both gradients
        yield ops.relu(elements)
    yield ops.global_avg_pool(n * channels[-1] * side**2, n * channels[-1])
    yield ops.linear(n, channels[-1], CLASSES)
    yield ops.cross_entropy(n, CLASSES)


def _conv_norm(
    n: int, before: int, after: int, side: int, kernel: int, *, stride: int = 1, first: bool = False
) -> Iterator[Layer]:
    yield ops.conv2d(n, before, after, side, kernel, stride=stride, bias=False, first=first)
    yield ops.batch_norm(n * after * (-(-side // stride)) ** 2, after)


def recurrent(gates: int, n: int, steps: int, inputs: int, hidden: int) -> Iterator[Layer]:
    """A sequence's last state, classified."""
    yield ops.recurrent(n, steps, inputs, hidden, gates)
    yield ops.linear(n, hidden, CLASSES)
    yield ops.cross_entropy(n, CLASSES)


def gpt(n: int, length: int, width: int, depth: int) -> Iterator[Layer]:
    """Pre-norm blocks; the table of tokens is used twice and counted as parameters once, at the logits."""
    tokens = n * length
    elements = tokens * width
    yield ops.embedding(tokens, VOCABULARY, width)
    position = Count(others=elements, bytes=(2 * elements + length * width) * ops.FLOAT)
    yield Layer(position, position, parameters=length * width)
    for _ in range(depth):
        yield ops.layer_norm(elements, width)
        for _ in range(4):
            yield ops.linear(tokens, width, width, bias=False)
        yield ops.attention(n, length, width, HEADS)
        yield ops.pointwise(elements, 1, 1)
        yield ops.layer_norm(elements, width)
        yield ops.linear(tokens, width, 4 * width)
        yield ops.gelu(4 * elements)
        yield ops.linear(tokens, 4 * width, width)
        yield ops.pointwise(elements, 1, 1)
    yield ops.layer_norm(elements, width)
    yield ops.linear(tokens, width, VOCABULARY, bias=False)
    yield ops.cross_entropy(tokens, VOCABULARY)


def vae(n: int, inputs: int, hidden: int, codes: int) -> Iterator[Layer]:
    """Encoder, a code drawn, decoder, and a loss of two terms."""
    yield ops.linear(n, inputs, hidden, first=True)
    yield ops.tanh(n * hidden)
    yield ops.linear(n, hidden, codes)
    yield ops.linear(n, hidden, codes)
    yield ops.pointwise(n * hidden, 0, 1)  # both gradients of the hidden units are added
    yield ops.pointwise(n * codes, 10, 9)  # the deviation, the code, the divergence
    yield ops.linear(n, codes, hidden)
    yield ops.tanh(n * hidden)
    yield ops.linear(n, hidden, inputs)
    yield ops.pointwise(n * inputs, 7, 5)


def siamese(n: int, inputs: int, hidden: int, embedding: int) -> Iterator[Layer]:
    """One encoder three times: its parameters count once."""
    for use in range(3):
        for layer in (
            ops.linear(n, inputs, hidden, first=True),
            ops.relu(n * hidden),
            ops.linear(n, hidden, embedding, bias=False),
        ):
            yield Layer(layer.forward, layer.backward, layer.to_input, 0 if use else layer.parameters)
    yield ops.pointwise(2 * n * embedding, 4, 3)


def _lstm(*size: int) -> Iterator[Layer]:
    return recurrent(4, *size)


def _gru(*size: int) -> Iterator[Layer]:
    return recurrent(3, *size)


LAYERS: dict[str, Callable[..., Iterator[Layer]]] = {
    "two_layer": two_layer, "mlp": mlp, "lenet": lenet, "resnet": resnet, "lstm_classifier": _lstm, "gru_classifier": _gru,
    "gpt": gpt, "vae": vae, "siamese": siamese,
}  # fmt: skip
"""Model -> the layers at a size."""
