"""Recurrent layers: the ValueErrors for invalid arguments."""

from typing import Any

from reference import OPS
from tests.reference.bad_input import Row, ones

# Layers of 5 inputs and 2 units on 3 sequences of 4 steps: each argument by its name and shape.
_GATES = {"rnn_tanh": 1, "lstm": 4, "gru": 3}


def _call(op: str, **wrong: Any) -> Any:
    """A call of an op with some of its arguments replaced: by an array, or by ones of a shape."""
    layer, gates = op.removesuffix("_cell"), _GATES[op.removesuffix("_cell")]
    arguments = {"x": (3, 5) if op.endswith("_cell") else (3, 4, 5), "h": (3, 2)}
    arguments |= {"c": (3, 2)} if layer == "lstm" else {}
    arguments |= {"weight_input": (5, gates * 2), "weight_hidden": (2, gates * 2)}
    arguments |= dict.fromkeys(("bias_input", "bias_hidden") if layer == "gru" else ("bias",), (gates * 2,))
    return OPS[op].forward(*(ones(*a) if isinstance(a, tuple) else a for a in (arguments | wrong).values()))


def _both_ways(layer: str = "lstm", **wrong: Any) -> Any:
    arguments: dict[str, Any] = {"x": (3, 4, 5), "state": (2, 2, 3, 2), "weight_input": (2, 5, 8), "weight_hidden": (2, 2, 8)}
    arguments |= {"bias": (2, 8), **wrong}
    return OPS["bidirectional"].forward(*(ones(*shape) for shape in arguments.values()), layer=layer)


BAD: list[Row] = [
    ("rnn_tanh", lambda: _call("rnn_tanh", x=(3, 5)), r"x is of shape \(3, 5\); wanted \(N, T, C\) with T >= 1"),
    ("rnn_tanh", lambda: _call("rnn_tanh", x=(3, 0, 5)), r"x is of shape \(3, 0, 5\); wanted \(N, T, C\) with T >= 1"),
    ("rnn_tanh", lambda: _call("rnn_tanh", h=(4, 2)), r"h is of shape \(4, 2\); wanted \(3, 2\)"),
    ("rnn_tanh", lambda: _call("rnn_tanh", weight_hidden=(2, 3)), r"weight_hidden is of shape \(2, 3\); wanted \(H, H\)"),
    ("lstm", lambda: _call("lstm", x=(3, 0, 5)), r"x is of shape \(3, 0, 5\); wanted \(N, T, C\) with T >= 1"),
    ("lstm", lambda: _call("lstm", c=(3, 4)), r"c is of shape \(3, 4\); wanted \(3, 2\)"),
    ("lstm", lambda: _call("lstm", h=(1, 3, 2)), r"h is of shape \(1, 3, 2\); wanted \(3, 2\)"),
    ("lstm", lambda: _call("lstm", weight_hidden=(8, 2)), r"weight_hidden is of shape \(8, 2\); wanted \(H, 4H\)"),
    ("lstm", lambda: _call("lstm", bias=(2, 8)), r"bias is of shape \(2, 8\); wanted \(8,\)"),
    ("lstm", lambda: _call("lstm", c=ones(3, 2).astype("float32")), "c is of dtype float32; wanted float64, the dtype of x"),
    ("lstm_cell", lambda: _call("lstm_cell", x=(3, 4, 5)), r"x is of shape \(3, 4, 5\); wanted \(N, C\)"),
    ("lstm_cell", lambda: _call("lstm_cell", c=(2,)), r"c is of shape \(2,\); wanted \(3, 2\)"),
    ("lstm_cell", lambda: _call("lstm_cell", weight_input=(4, 8)), r"weight_input is of shape \(4, 8\); wanted \(5, 8\)"),
    ("gru", lambda: _call("gru", x=(3, 0, 5)), r"x is of shape \(3, 0, 5\); wanted \(N, T, C\) with T >= 1"),
    ("gru", lambda: _call("gru", h=(3, 3)), r"h is of shape \(3, 3\); wanted \(3, 2\)"),
    ("gru", lambda: _call("gru", bias_hidden=(2,)), r"bias_hidden is of shape \(2,\); wanted \(6,\)"),
    ("gru_cell", lambda: _call("gru_cell", h=[[0.0, 0.0]]), "h is a list; wanted an array of floats"),
    ("gru_cell", lambda: _call("gru_cell", weight_hidden=(2, 8)), r"weight_hidden is of shape \(2, 8\); wanted \(H, 3H\)"),
    ("gru_cell", lambda: _call("gru_cell", bias_input=(2, 6)), r"bias_input is of shape \(2, 6\); wanted \(6,\)"),
    ("bidirectional", lambda: _both_ways("rnn"), "layer is 'rnn'; wanted one of rnn_tanh, lstm, gru"),
    ("bidirectional", lambda: _both_ways(x=(3, 0, 5)), r"x is of shape \(3, 0, 5\); wanted \(N, T, C\) with T >= 1"),
    ("bidirectional", lambda: _both_ways(state=(2, 3, 2)), r"state is of shape \(2, 3, 2\); wanted \(2, 2, 3, 2\)"),
    ("bidirectional", lambda: _both_ways(weight_hidden=(2, 8)), r"weight_hidden is of shape \(2, 8\); wanted \(2, H, 4H\)"),
    ("bidirectional", lambda: _both_ways(weight_input=(5, 8)), r"weight_input is of shape \(5, 8\); wanted \(2, 5, 8\)"),
    ("bidirectional", lambda: _both_ways("rnn_tanh"), r"weight_hidden is of shape \(2, 2, 8\); wanted \(2, H, H\)"),
    ("bidirectional", lambda: _both_ways(bias=(8,)), r"bias is of shape \(8,\); wanted \(2, 8\)"),
]
