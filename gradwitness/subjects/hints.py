"""What to tell of a backward that raised, by what its arguments are called."""

from __future__ import annotations

from collections.abc import Sequence

LABELS = ("y", "label", "labels", "target", "targets", "y_true", "ytrue")
"""What people call the data that a loss compares with."""


def of_labels(names: Sequence[str]) -> str:
    """Of a backward whose first argument has the name of labels: dout came in their place. Empty for others."""
    first = next(iter(names), "")
    if first not in LABELS:
        return ""
    return (
        f"Its first argument is called {first}, and dout came there: the cotangent of what forward returns. Where the gradients "
        f"are those of a loss, write a function that returns (loss, gradients), and call check_loss(function, params, *data)"
    )
