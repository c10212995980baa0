"""The lines of the forward pass and of the loss."""

from __future__ import annotations

from collections.abc import Iterator

from lessons.step.lines import Group, Line, added, factor, number, times
from lessons.step.network import LABEL, Setting, Values


def forward(setting: Setting, v: Values) -> Iterator[Group]:
    """The groups of the forward pass."""
    units = range(setting.hidden)
    first, part = len(v.x), "Forward pass"
    yield Group(
        part,
        f"h[j] = {added(*(f'x[{i + 1}] W1[{i + 1},j]' for i in range(first)), 'b1[j]')}",
        "weighted sum of the inputs, plus a bias",
        tuple(
            Line(
                f"h[{j + 1}]",
                added(*(times(v.x[i], v.w1[i, j]) for i in range(first)), factor(v.b1[j])),
                float(v.h[j]),
                mistakes=((float(v.h[j] - v.b1[j]), "The bias is missing."),),
            )
            for j in units
        ),
    )
    yield Group(
        part,
        "a[j] = relu(h[j]) = max(0, h[j])",
        "relu: a negative number becomes 0, any other stays",
        tuple(
            Line(f"a[{j + 1}]", f"max(0, {number(v.h[j])})", float(v.a[j]), mistakes=((float(v.h[j]), "relu is missing."),))
            for j in units
        ),
    )
    yield Group(
        part,
        f"z = {added(*(f'a[{j + 1}] W2[{j + 1}]' for j in units), 'b2')}",
        "weighted sum of what the hidden units give, plus a bias",
        (
            Line(
                "z",
                added(*(times(v.a[j], v.w2[j]) for j in units), factor(v.b2)),
                v.z,
                mistakes=((v.z - v.b2, "The bias is missing."),),
            ),
        ),
    )
    yield Group(
        part,
        "p = sigmoid(z) = 1 / (1 + exp(-z))",
        "sigmoid: any number becomes a probability",
        (
            Line(
                "p",
                f"1 / (1 + exp({number(-v.z)}))",
                v.p,
                mistakes=((1 - v.p, "That is sigmoid(-z): look at the sign in exp(-z)."),),
            ),
        ),
    )


def loss(setting: Setting, v: Values) -> Group:
    """The group of the loss."""
    t = number(LABEL)
    if setting.loss == "bce":
        formula, rule = (
            "L = -(t log p + (1 - t) log(1 - p))",
            "binary cross entropy: the negative logarithm of the answer's probability",
        )
        numbers = f"-({t} · log {number(v.p)} + (1 - {t}) · log(1 - {number(v.p)}))"
    else:
        formula, rule, numbers = "L = (p - t)^2", "squared error", f"({number(v.p)} - {t})^2"
    return Group("Loss", formula, rule, (Line("L", numbers, v.loss),))
