"""The lines of the backward pass, each with the rule that it applies."""

from __future__ import annotations

from collections.abc import Iterator

from lessons.step.lines import Group, Line, added, factor, number, times
from lessons.step.network import LABEL, Setting, Values


def backward(setting: Setting, v: Values) -> Iterator[Group]:
    """The groups of the backward pass."""
    units, inputs, part, t = range(setting.hidden), range(len(v.x)), "Backward pass", number(LABEL)
    product = "chain rule; derivative of a product: the other factor"
    p = number(v.p)
    bce = setting.loss == "bce"
    yield Group(
        part,
        "dp = (p - t) / (p (1 - p))" if bce else "dp = 2 (p - t)",
        "derivative of the loss: log p has the derivative 1 / p"
        if bce
        else "derivative of the loss: a square u^2 has the derivative 2 u",
        (
            Line(
                "dp",
                f"({p} - {t}) / ({p} · (1 - {p}))" if bce else f"2 · ({p} - {t})",
                v.dp,
                mistakes=() if bce else ((v.dp / 2, "The factor 2 is missing: the derivative of u^2 is 2 u."),),
            ),
        ),
    )
    yield Group(
        part,
        "dz = dp · p (1 - p)",
        "chain rule; derivative of sigmoid: p (1 - p)",
        (
            Line(
                "dz",
                f"{factor(v.dp)} · {p} · (1 - {p})",
                v.dz,
                mistakes=((v.dp, "The derivative of sigmoid, p (1 - p), is missing."),),
            ),
        ),
    )
    yield Group(
        part,
        "dW2[j] = dz · a[j]",
        product,
        tuple(
            Line(
                f"dW2[{j + 1}]",
                times(v.dz, v.a[j]),
                float(v.dw2[j]),
                ("output.weight", (j, 0)),
                ((v.dz * v.w2[j], "That is dz W2[j]. The derivative of a[j] W2[j] with respect to W2[j] is a[j]."),),
            )
            for j in units
        ),
    )
    yield Group(
        part,
        "db2 = dz · 1",
        "chain rule; sum rule: a term of a sum has the derivative 1",
        (Line("db2", f"{number(v.dz)} · 1", v.db2, ("output.bias", (0,))),),
    )
    yield Group(
        part,
        "da[j] = dz · W2[j]",
        product,
        tuple(
            Line(
                f"da[{j + 1}]",
                times(v.dz, v.w2[j]),
                float(v.da[j]),
                mistakes=((v.dz * v.a[j], "That is dz a[j]. The derivative of a[j] W2[j] with respect to a[j] is W2[j]."),),
            )
            for j in units
        ),
    )
    yield Group(
        part,
        "dh[j] = da[j] · (1 if h[j] > 0, otherwise 0)",
        "chain rule; derivative of relu: 1 above 0, otherwise 0",
        tuple(
            Line(
                f"dh[{j + 1}]",
                f"{factor(v.da[j])} · {1 if v.h[j] > 0 else 0}",
                float(v.dh[j]),
                mistakes=((float(v.da[j]), "The derivative of relu is missing: it is 0 where h is negative."),),
            )
            for j in units
        ),
    )
    yield Group(
        part,
        "dW1[i,j] = dh[j] · x[i]",
        product,
        tuple(
            Line(
                f"dW1[{i + 1},{j + 1}]",
                times(v.dh[j], v.x[i]),
                float(v.dw1[i, j]),
                ("hidden.weight", (i, j)),
                (
                    (
                        v.dh[j] * v.w1[i, j],
                        "That is dh[j] W1[i,j]. The derivative of x[i] W1[i,j] with respect to W1[i,j] is x[i].",
                    ),
                ),
            )
            for i in inputs
            for j in units
        ),
    )
    yield Group(
        part,
        "db1[j] = dh[j] · 1",
        "chain rule; sum rule: a term of a sum has the derivative 1",
        tuple(Line(f"db1[{j + 1}]", f"{number(v.dh[j])} · 1", float(v.db1[j]), ("hidden.bias", (j,))) for j in units),
    )
    yield Group(
        part,
        f"dx[i] = {added(*(f'dh[{j + 1}] W1[i,{j + 1}]' for j in units))}",
        "chain rule along each path from x[i] to the loss; sum rule: the paths are added",
        tuple(
            Line(f"dx[{i + 1}]", added(*(times(v.dh[j], v.w1[i, j]) for j in units)), float(v.dx[i]), ("x", (0, i)))
            for i in inputs
        ),
    )
