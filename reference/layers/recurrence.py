"""The checks of the recurrent layers' arguments, and their layout of time in memory.

The loop over time runs over contiguous (N, ...) slices of time-major arrays. Whatever does not depend on the previous step is one
product over all steps: the input's share of the pre-activations before the loop, and the gradients of x, weights and biases after
it.
"""

import numpy as np

from ..case import Array, Inputs, invalid, require_floats
from ..domain import Pick


def require_fitting(op: str, gates: int, **arguments: Array) -> None:
    """Check x (N, C) or (N, T, C), weight_hidden (H, gates H), weight_input (C, gates H), biases (gates H,), and states (N, H).

    arguments are those of forward, in order, by their names there; a sequence has at least one step.
    Raises ValueError naming the op, the argument, what came and what was wanted.
    """
    require_floats(op, **arguments)
    x, weight_hidden = arguments["x"], arguments["weight_hidden"]
    axes = "(N, C)" if op.endswith("_cell") else "(N, T, C) with T >= 1"
    fits = x.ndim == 2 if op.endswith("_cell") else x.ndim == 3 and x.shape[1] >= 1
    if not fits:
        raise invalid(op, "x", f"of shape {x.shape}", axes)
    square = weight_hidden.ndim == 2 and weight_hidden.shape[1] == gates * weight_hidden.shape[0]
    if not square:
        raise invalid(op, "weight_hidden", f"of shape {weight_hidden.shape}", f"(H, {blocks(gates)})")
    hidden, width = weight_hidden.shape
    wanted = {"h": (len(x), hidden), "c": (len(x), hidden), "weight_input": (x.shape[-1], width)}
    for name, value in arguments.items():
        if name not in ("x", "weight_hidden"):
            shape = wanted.get(name, (width,))  # all other arguments are biases
            if value.shape != shape:
                raise invalid(op, name, f"of shape {value.shape}", f"{shape}")


def blocks(gates: int) -> str:
    """The length of so many gates side by side, as messages print it."""
    return "H" if gates == 1 else f"{gates}H"


def time_major(x: Array) -> Array:
    """x (N, T, C) -> a contiguous copy (T, N, C)."""
    return x.swapaxes(0, 1).copy()


def all_steps(steps: Array) -> Array:
    """(T, N, C) -> (T N, C), a view: the steps of a sequence as one batch."""
    return steps.reshape(len(steps) * steps.shape[1], steps.shape[2])


def sigmoid_in_place(x: Array) -> None:
    """x becomes 1 / (1 + exp(-x)).

    Where exp(-x) overflows, 1/inf = 0 is the right value to within the smallest normal number.
    """
    np.negative(x, out=x)
    with np.errstate(over="ignore"):
        np.exp(x, out=x)
    x += 1
    np.divide(1, x, out=x)


def draw(*shape: int, hidden: int, gates: int, states: int = 1, biases: int = 1) -> Inputs:
    """The inputs of a case: normal x of a shape, states and biases, and weights that preserve variance."""

    def inputs(rng: np.random.Generator) -> tuple[Array, ...]:
        n, width = shape[0], gates * hidden
        return (
            rng.normal(size=shape),
            *(rng.normal(size=(n, hidden)) for _ in range(states)),
            rng.normal(size=(shape[-1], width)) / np.sqrt(shape[-1]),
            rng.normal(size=(hidden, width)) / np.sqrt(hidden),
            *(rng.normal(size=width) for _ in range(biases)),
        )

    return inputs


def saturated(inputs: Inputs) -> Inputs:
    """The same, with a third of the gates closed and a third open to the last digit of float32, because of the last bias."""

    def moved(rng: np.random.Generator) -> tuple[Array, ...]:
        *others, bias = inputs(rng)
        return *others, bias + rng.permuted(np.resize([-20.0, 0.0, 20.0], bias.shape))

    return moved


def from_rest(inputs: Inputs, states: int = 1) -> Inputs:
    """The same with initial states of zero."""

    def moved(rng: np.random.Generator) -> tuple[Array, ...]:
        x, *others = inputs(rng)
        return x, *(np.zeros_like(state) for state in others[:states]), *others[states:]

    return moved


def chosen(pick: Pick, *shape: int, hidden: int, gates: int, states: int = 1, biases: int = 1) -> tuple[Array, ...]:
    """For domains: arguments as in `draw`, so small that no gate saturates, and with no zero among the states."""
    width = gates * hidden
    return (
        pick.floats(*shape, low=-2, high=2),
        *(pick.floats(shape[0], hidden, low=-2, high=2, besides=(0.0,)) for _ in range(states)),
        pick.floats(shape[-1], width, low=-1, high=1),
        pick.floats(hidden, width, low=-1, high=1),
        *(pick.floats(width, low=-2, high=2) for _ in range(biases)),
    )


def sequence(pick: Pick) -> tuple[int, int, int]:
    """For domains: N, T, C."""
    return pick.size(1, 2), pick.size(1, 3), pick.size(1, 2)
