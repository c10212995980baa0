"""A recurrent layer run over a sequence in both directions, each with its own parameters.

    ahead = layer(x)        back = reverse(layer'(reverse(x)))        y_t = [ahead_t, back_t]

where reverse reverses the order of time. y_t depends on the sequence up to step t, and from step t on.

Derivation.  Reversal and concatenation move values, and so do their vjps. The halves of dy go to the two layers, the second
half reversed. Both layers read x, so its gradient is the sum of theirs:

    dx = dx_ahead + reverse(dx_back)

Shapes: x (N, T, C) with T >= 1, y (N, T, 2H). All other arguments have a first axis of length 2, for ahead and
back. Behind it they have the shape that the layer takes, gates in its order (G = H for rnn_tanh, 4H for lstm, 3H for gru with
reset_after):
state and state_T (2, N, H), or (2, 2, N, H) of h and c for lstm; weight_input (2, C, G); weight_hidden (2, H, G);
bias (2, G), or (2, 2, G) of bias_input and bias_hidden for gru. The final state of back is the one after step 1.
Source: Schuster and Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on Signal Processing 45, 1997.
PyTorch stacks the state as we do, with h and c apart; Keras and flax take and give a flat list of states. All three
concatenate the outputs (Keras and flax by default) and return those of back in the order of time.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, Literal

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick
from . import gru, lstm, rnn_tanh
from .recurrence import blocks, chosen, draw, sequence

Layer = Literal["rnn_tanh", "lstm", "gru"]
Out = tuple[Array, Array]
Cache = tuple[ModuleType, int, Any, Any]

LAYERS: dict[str, tuple[ModuleType, int, int, int]] = {
    "rnn_tanh": (rnn_tanh, 1, 1, 1),
    "lstm": (lstm, 4, 2, 1),
    "gru": (gru, 3, 1, 2),
}
"""Each layer, with the number of its gates, states and biases."""


def forward(
    x: Array, state: Array, weight_input: Array, weight_hidden: Array, bias: Array, /, *, layer: Layer
) -> tuple[Out, Cache]:
    """(y, state_T). x (N, T, C), state (2, N, H), weight_input (2, C, G), weight_hidden (2, H, G), bias (2, G) -> y (N, T, 2H).

    For lstm, state and state_T are (2, 2, N, H); for gru, bias is (2, 2, G).
    Raises ValueError where dtypes or shapes do not fit, the sequence has no step, or the layer is unknown.
    """
    name = "bidirectional"
    if layer not in LAYERS:
        raise invalid(name, "layer", repr(layer), f"one of {', '.join(LAYERS)}")
    op, gates, states, biases = LAYERS[layer]
    arguments = {"x": x, "state": state, "weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}
    require_floats(name, **arguments)
    if not (x.ndim == 3 and x.shape[1] >= 1):
        raise invalid(name, "x", f"of shape {x.shape}", "(N, T, C) with T >= 1")
    fits = weight_hidden.ndim == 3 and weight_hidden.shape == (2, weight_hidden.shape[1], gates * weight_hidden.shape[1])
    if not fits:
        raise invalid(name, "weight_hidden", f"of shape {weight_hidden.shape}", f"(2, H, {blocks(gates)})")
    _, hidden, width = weight_hidden.shape
    wanted = {
        "state": (2, *_axis(states), len(x), hidden),
        "weight_input": (2, x.shape[2], width),
        "bias": (2, *_axis(biases), width),
    }
    for argument, shape in wanted.items():
        if arguments[argument].shape != shape:
            raise invalid(name, argument, f"of shape {arguments[argument].shape}", f"{shape}")
    (y_ahead, *ahead), cache_ahead = op.forward(x, *_arguments(0, state, weight_input, weight_hidden, bias))
    (y_back, *back), cache_back = op.forward(x[:, ::-1], *_arguments(1, state, weight_input, weight_hidden, bias))
    y = np.concatenate([y_ahead, y_back[:, ::-1]], axis=2)
    return (y, np.stack([_joined(ahead), _joined(back)])), (op, states, cache_ahead, cache_back)


def backward(dout: Out, cache: Cache) -> tuple[Array, ...]:
    """dy (N, T, 2H), dstate_T -> dx (N, T, C), dstate, dweight_input, dweight_hidden, dbias, in the shapes of the arguments."""
    dy, dstate = dout
    op, states, cache_ahead, cache_back = cache
    hidden = dy.shape[2] // 2
    dx_ahead, *ahead = op.backward((dy[:, :, :hidden], *_members(dstate[0], 2)), cache_ahead)
    dx_back, *back = op.backward((dy[:, ::-1, hidden:], *_members(dstate[1], 2)), cache_back)
    return dx_ahead + dx_back[:, ::-1], *_side_by_side(ahead, back, states)


def _axis(count: int) -> tuple[int, ...]:
    """The axis along which several arrays of a kind are stacked; a single one needs none."""
    return (count,) if count > 1 else ()


def _arguments(direction: int, state: Array, weight_input: Array, weight_hidden: Array, bias: Array) -> Sequence[Array]:
    """The arguments of the layer after x."""
    states, biases = _members(state[direction], 2), _members(bias[direction], 1)
    return *states, weight_input[direction], weight_hidden[direction], *biases


def _side_by_side(ahead: Sequence[Array], back: Sequence[Array], states: int) -> Sequence[Array]:
    """The inverse of `_arguments`, for both directions."""
    groups = slice(states), slice(states, states + 1), slice(states + 1, states + 2), slice(states + 2, None)
    return tuple(np.stack([_joined(ahead[group]), _joined(back[group])]) for group in groups)


def _members(array: Array, axes: int) -> Sequence[Array]:
    """The arrays of so many axes that are stacked along a first axis, or the array itself if it is a single one."""
    return tuple(array) if array.ndim > axes else (array,)


def _joined(arrays: Sequence[Array]) -> Array:
    """The inverse of `_members`."""
    return np.stack(arrays) if len(arrays) > 1 else arrays[0]


def domain(pick: Pick) -> Arguments:
    layer = pick.one_of(*LAYERS)
    _, gates, states, biases = LAYERS[layer]
    shape, hidden = sequence(pick), pick.size(1, 2)
    (x, *ahead), (_, *back) = (chosen(pick, *shape, hidden=hidden, gates=gates, states=states, biases=biases) for _ in range(2))
    return (x, *_side_by_side(ahead, back, states)), {"layer": layer}


def _inputs(*shape: int, hidden: int, layer: Layer) -> Inputs:
    def inputs(rng: np.random.Generator) -> tuple[Array, ...]:
        _, gates, states, biases = LAYERS[layer]
        one_way = draw(*shape, hidden=hidden, gates=gates, states=states, biases=biases)
        (x, *ahead), (_, *back) = one_way(rng), one_way(rng)
        return x, *_side_by_side(ahead, back, states)

    return inputs


def _case(name: str, *shape: int, hidden: int, layer: Layer) -> Case:
    return Case(name, _inputs(*shape, hidden=hidden, layer=layer), {"layer": layer})


CASES = [
    _case("generic", 3, 4, 5, hidden=2, layer="lstm"),
    _case("one", 1, 1, 1, hidden=1, layer="lstm"),
    _case("large", 6, 9, 13, hidden=8, layer="lstm"),
    _case("rnn_tanh", 3, 4, 5, hidden=2, layer="rnn_tanh"),
    _case("gru", 3, 4, 5, hidden=2, layer="gru"),
]
