"""What may end a network, each loss behind the activation that puts its argument into its domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from tests.networks.dice import Dice
from tests.networks.network import Layer

Ending = Callable[[Dice, Array], list[Layer]]

REDUCTIONS = ("mean", "sum", "none")


def against_target(op: str, **choices: tuple[Any, ...]) -> Ending:
    def rule(dice: Dice, x: Array) -> list[Layer]:
        static = {name: dice.one_of(*options) for name, options in choices.items()}
        return [Layer(op, {"target": dice.normals(*x.shape)}, {**static, "reduction": dice.one_of(*REDUCTIONS)})]

    return rule


def against_labels(op: str, labels: Callable[[Dice, Array], Array], *before: Layer, **static: Any) -> Ending:
    def rule(dice: Dice, x: Array) -> list[Layer]:
        return [*before, Layer(op, {}, {"labels": labels(dice, x), **static, "reduction": dice.one_of(*REDUCTIONS)})]

    return rule


def against_another(op: str, other: str, **static: Any) -> Ending:
    """Losses of a pair, the other of which is a parameter."""

    def rule(dice: Dice, x: Array) -> list[Layer]:
        return [Layer(op, {other: dice.normals(*x.shape)}, dict(static))]

    return rule


def ranking(op: str, signs: Callable[[Dice, Array], Array]) -> Ending:
    def rule(dice: Dice, x: Array) -> list[Layer]:
        static = {"labels": signs(dice, x), "margin": dice.one_of(0.0, 0.3), "reduction": dice.one_of(*REDUCTIONS)}
        return [Layer(op, {"x2": dice.normals(*x.shape)}, static)]

    return rule


def kl_div(dice: Dice, x: Array) -> list[Layer]:
    target = dice.distribution(*x.shape)
    return [Layer("log_softmax"), Layer("kl_div", {"target": target}, {"reduction": dice.one_of(*REDUCTIONS, "batchmean")})]


def soft_cross_entropy(dice: Dice, x: Array) -> list[Layer]:
    return [Layer("soft_cross_entropy", {"target": dice.distribution(*x.shape)}, {"reduction": dice.one_of(*REDUCTIONS)})]


def cross_entropy(dice: Dice, x: Array) -> list[Layer]:
    static = {"labels": classes(dice, x), "label_smoothing": dice.one_of(0.0, 0.1), "reduction": dice.one_of(*REDUCTIONS)}
    return [Layer("cross_entropy", {}, static | ({"weight": dice.positive(x.shape[1])} if dice.chance(0.3) else {}))]


def gaussian_nll(dice: Dice, x: Array) -> list[Layer]:
    params = {"target": dice.normals(*x.shape), "var": dice.positive(*x.shape)}
    return [Layer("gaussian_nll", params, {"reduction": dice.one_of(*REDUCTIONS)})]


def poisson_nll(dice: Dice, x: Array) -> list[Layer]:
    before, log_input = dice.one_of(([Layer("tanh")], True), ([Layer("softplus")], False))
    params, static = {"target": dice.positive(*x.shape)}, {"log_input": log_input, "reduction": dice.one_of(*REDUCTIONS)}
    return [*before, Layer("poisson_nll", params, static)]


def triplet_margin(dice: Dice, x: Array) -> list[Layer]:
    params = {"positive": dice.normals(*x.shape), "negative": dice.normals(*x.shape)}
    return [Layer("triplet_margin", params, {"margin": dice.one_of(1.0, 3.0), "reduction": dice.one_of(*REDUCTIONS)})]


def ctc(dice: Dice, x: Array) -> list[Layer]:
    n, frames, labels = len(x), x.shape[1], x.shape[2] - 1
    length = max(1, frames // 2)  # between two labels that are the same a blank must fit
    static = {
        "labels": 1 + dice.integers(n, length, below=labels),
        "input_lengths": np.full(n, frames),
        "label_lengths": 1 + dice.integers(n, below=length),
    }
    return [Layer("ctc", {}, static)]


def classes(dice: Dice, x: Array) -> Array:
    return dice.integers(len(x), below=x.shape[1])


def zeros_and_ones(dice: Dice, x: Array) -> Array:
    return dice.booleans(*x.shape).astype(float)


def signs(dice: Dice, x: Array) -> Array:
    return dice.signs(*x.shape)


ANY_SHAPE: dict[str, Ending] = {
    "mse": against_target("mse"),
    "l1": against_target("l1"),
    "huber": against_target("huber", delta=(1.0, 0.5)),
    "smooth_l1": against_target("smooth_l1", beta=(1.0, 0.5)),
    "log_cosh": against_target("log_cosh"),
    "binary_cross_entropy": against_labels("binary_cross_entropy", zeros_and_ones, Layer("sigmoid")),
    "binary_cross_entropy_with_logits": against_labels("binary_cross_entropy_with_logits", zeros_and_ones),
    "focal": against_labels("focal", zeros_and_ones, gamma=2.0, alpha=0.25),
    "dice": against_labels("dice", zeros_and_ones, Layer("sigmoid"), smooth=1.0),
    "hinge": against_labels("hinge", signs),
    "squared_hinge": against_labels("squared_hinge", signs),
    "hinge_embedding": against_labels("hinge_embedding", signs),
    "margin_ranking": ranking("margin_ranking", signs),
    "gaussian_nll": gaussian_nll,
    "poisson_nll": poisson_nll,
}

FEATURES: dict[str, Ending] = {
    "cross_entropy": cross_entropy,
    "soft_cross_entropy": soft_cross_entropy,
    "nll": against_labels("nll", classes, Layer("log_softmax")),
    "kl_div": kl_div,
    "multi_margin": against_labels("multi_margin", classes),
    "triplet_margin": triplet_margin,
    "cosine_similarity": against_another("cosine_similarity", "x2"),
    "cosine_embedding": ranking("cosine_embedding", lambda dice, x: dice.signs(len(x))),
    "info_nce": against_another("info_nce", "keys", temperature=0.5),
}

SEQUENCES: dict[str, Ending] = {"ctc": ctc}
