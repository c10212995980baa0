"""Where the reset gate of a GRU acts: on the state, before it is multiplied by the recurrent weights, or on their product.

The paper (Cho et al., 2014) has the former, as has Keras with reset_after=False; PyTorch, Flax and cuDNN have the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradwitness.comparing.code import Called
from gradwitness.comparing.trial import Trial

BEFORE = "with the reset gate of {} on the state, and not on the product with the recurrent weights,"


def resets(calls: Sequence[Called], modules: Sequence[Any], framework: str) -> Iterator[Trial]:
    """The other one, in functions and layers of PyTorch, and in layers of Keras."""
    if framework == "torch":
        yield from _of_torch(calls, modules)
    cells = [module for module in modules if framework == "tensorflow" and type(module).__name__ == "GRUCell"]
    for after in dict.fromkeys(cell.reset_after for cell in cells):
        words = f"with reset_after={not after} in GRUCell, in place of {after},"
        yield Trial(words, tuple((cell, "call", _of_keras(cell)) for cell in cells if cell.reset_after == after))


def _of_torch(calls: Sequence[Called], modules: Sequence[Any]) -> Iterator[Trial]:
    for call in (call for call in calls if call.where[1] == "gru_cell"):
        yield Trial(BEFORE.format(call.name), (call.replaced(lambda _, args, kwargs: _cell(*args, **kwargs)),))
    for kind, forward in (("GRUCell", _of_a_cell), ("GRU", _of_a_layer)):
        found = [module for module in modules if type(module).__name__ == kind and (kind == "GRUCell" or _is_plain(module))]
        if found:
            yield Trial(BEFORE.format(kind), tuple((module, "forward", forward(module)) for module in found))


def _is_plain(gru: Any) -> bool:
    """Whether it has one layer and one direction."""
    return bool(gru.num_layers == 1 and not gru.bidirectional)


def _cell(x: Any, h: Any, w_in: Any, w_state: Any, b_in: Any = None, b_state: Any = None) -> Any:
    """A step of PyTorch's torch.gru_cell, whose blocks are reset, update and new."""
    linear = _torch().nn.functional.linear
    count = 2 * (w_state.shape[0] // 3)
    of_input = linear(x, w_in, b_in)
    gates = of_input[..., :count] + linear(h, w_state[:count], None if b_state is None else b_state[:count])
    reset, update = gates.sigmoid().chunk(2, -1)
    new = of_input[..., count:] + linear(reset * h, w_state[count:], None if b_state is None else b_state[count:])
    return (1 - update) * new.tanh() + update * h


def _of_a_cell(module: Any) -> Callable[..., Any]:
    """The forward of a GRUCell."""

    def forward(x: Any, h: Any = None) -> Any:
        h = x.new_zeros(*x.shape[:-1], module.hidden_size) if h is None else h
        return _cell(x, h, module.weight_ih, module.weight_hh, module.bias_ih, module.bias_hh)

    return forward


def _of_a_layer(module: Any) -> Callable[..., Any]:
    """The forward of a GRU of one layer and one direction."""

    def forward(x: Any, first: Any = None) -> Any:
        steps = x.transpose(0, 1) if module.batch_first and x.dim() == 3 else x
        h = x.new_zeros(*steps.shape[1:-1], module.hidden_size) if first is None else first[0]
        weights = [getattr(module, name) for name in module._flat_weights_names]
        outs = []
        for step in steps:
            h = _cell(step, h, *weights)
            outs.append(h)
        out = _torch().stack(outs)
        return out.transpose(0, 1) if module.batch_first and x.dim() == 3 else out, h[None]

    return forward


def _of_keras(cell: Any) -> Callable[..., Any]:
    """The call of a cell. Its bias has two rows where the gate comes after: the second one is of the recurrent product."""
    from keras import ops

    def call(*args: Any, **kwargs: Any) -> Any:
        bias, after = cell.bias, cell.reset_after
        if bias is not None:
            value = 1 * bias  # ops.stack of a variable fails
            bias_otherwise = ops.sum(value, axis=0) if after else ops.stack([value, 0 * value])
            object.__setattr__(cell, "bias", bias_otherwise)
        object.__setattr__(cell, "reset_after", not after)
        try:
            return type(cell).call(cell, *args, **kwargs)
        finally:
            object.__setattr__(cell, "bias", bias)
            object.__setattr__(cell, "reset_after", after)

    return call


def _torch() -> Any:
    import torch

    return torch
