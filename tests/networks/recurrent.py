"""What takes sequences (N, T, C) as sequences, and what takes features (N, C) as one step of them."""

from __future__ import annotations

from gradwitness.arrays import Array
from tests.networks.anywhere import Rule
from tests.networks.dice import Dice
from tests.networks.network import Layer

GATES = {"rnn_tanh": 1, "lstm": 4, "lstm_cell": 4, "gru": 3, "gru_cell": 3}


def recurrent(op: str) -> Rule:
    """What goes on is the whole sequence, or a last state; after a cell, the new state."""

    def rule(dice: Dice, x: Array) -> Layer:
        n, width, hidden, gates = len(x), x.shape[-1], dice.size(2, 4), GATES[op]
        states = {"h": dice.normals(n, hidden)} | ({"c": dice.normals(n, hidden)} if gates == 4 else {})
        biases = ("bias_input", "bias_hidden") if gates == 3 else ("bias",)
        params = states | {
            "weight_input": dice.weight(width, gates * hidden, fan_in=width),
            "weight_hidden": dice.weight(hidden, gates * hidden, fan_in=hidden),
            **{bias: dice.normals(gates * hidden) for bias in biases},
        }
        static = {"reset_after": dice.chance(0.7)} if gates == 3 else {}
        members = {"rnn_tanh": (0, 1), "lstm": (0, 1, 2), "gru": (0, 1), "lstm_cell": (0, 1), "gru_cell": (None,)}[op]
        return Layer(op, params, static, member=dice.one_of(*members))

    return rule


def bidirectional(dice: Dice, x: Array) -> Layer:
    layer = dice.one_of("rnn_tanh", "lstm", "gru")
    n, width, hidden, gates = len(x), x.shape[-1], dice.size(2, 3), GATES[layer]
    params = {
        "state": dice.normals(*((2, 2) if layer == "lstm" else (2,)), n, hidden),
        "weight_input": dice.weight(2, width, gates * hidden, fan_in=width),
        "weight_hidden": dice.weight(2, hidden, gates * hidden, fan_in=hidden),
        "bias": dice.normals(*((2, 2) if layer == "gru" else (2,)), gates * hidden),
    }
    return Layer("bidirectional", params, {"layer": layer}, member=0)


def multi_head_attention(dice: Dice, x: Array) -> Layer | None:
    """More than one number a head: keras.ops.add takes a bias of shape (heads, 1) for a vector, and where the sequence is as long
    as there are heads adds it along the wrong axis.
    """
    width = x.shape[-1]
    heads = dice.divisor(width)
    if heads == width:
        return None
    params = {}
    for part in ("query", "key", "value", "output"):
        params[f"{part}_weight"] = dice.weight(width, width, fan_in=width)
        params[f"{part}_bias"] = dice.normals(width)
    return Layer("multi_head_attention", params, {"heads": heads, "causal": dice.chance(0.5)}, copies=3)


def rotary_embedding(dice: Dice, x: Array) -> Layer | None:
    static = {"interleaved": dice.chance(0.5), "offset": dice.size(0, 3)}
    return Layer("rotary_embedding", {}, static) if x.shape[-1] % 2 == 0 else None


def positional_embedding(dice: Dice, x: Array) -> Layer:
    return Layer("positional_embedding", {"weight": dice.normals(x.shape[-2] + dice.size(0, 2), x.shape[-1])})


def bilinear(dice: Dice, x: Array) -> Layer:
    """Of the features and themselves."""
    width, outputs = x.shape[1], dice.size(2, 5)
    return Layer(
        "bilinear", {"weight": dice.weight(outputs, width, width, fan_in=width**2), "bias": dice.normals(outputs)}, copies=2
    )


SEQUENCES: dict[str, Rule] = {
    "rnn_tanh": recurrent("rnn_tanh"),
    "lstm": recurrent("lstm"),
    "gru": recurrent("gru"),
    "bidirectional": bidirectional,
    "multi_head_attention": multi_head_attention,
    "rotary_embedding": rotary_embedding,
    "positional_embedding": positional_embedding,
}

FEATURES: dict[str, Rule] = {
    "lstm_cell": recurrent("lstm_cell"),
    "gru_cell": recurrent("gru_cell"),
    "bilinear": bilinear,
}
