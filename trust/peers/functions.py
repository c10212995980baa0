"""`check_function` as a rule: the pair is a torch.autograd.Function, as its author has it. Nothing is told of kinks or zeros.

In float32 PyTorch's own op stands beside it as `reference`, as plain operations stand beside a kernel: the rounding of a function
that leaves PyTorch cannot be watched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

from gradwitness import check_function
from gradwitness.functions import gradients
from gradwitness.report.findings import UNCERTAIN
from gradwitness.report.report import Report
from gradwitness.subjects.pair import Subject, leaves, tree_map
from trust.peers.examined import Examined, Rule, Undecided, of_pytorch
from trust.peers.wrapped import torch_function


def checked(at: Examined, *, dtype: str, only: str = "") -> None:
    """Raises AssertionError where the verdict is wrong, and Undecided where there is none.

    only   the dtype of a kernel that exists in no other
    """
    with patch.object(gradients, "explained", lambda _, findings: findings):
        report = examined(at, dtype=dtype, only=only)
    if report.verdict == "wrong":
        raise AssertionError(str(report))
    if report.verdict == "cannot tell":
        raise Undecided("; ".join(f"{f.about}: {f.message}" for f in report if f.verdict in UNCERTAIN)[:200])


def examined(at: Examined, *, dtype: str, only: str = "") -> Report:
    """The report. `checked` leaves out which mistake explains a wrong gradient: that has no say in the verdict, and takes
    nine tenths of the time.
    """
    import torch

    pair = at.pair(dtype)
    reference = None
    if dtype != "float64":
        reference = _plain(of_pytorch(at, dtype), pair.subject)
    inputs = tuple(torch.from_numpy(x.copy()) for x in pair.inputs)
    return check_function(torch_function(pair, only), inputs, reference=reference, seed=at.subject.seed)


def _plain(spelling: Callable[..., Any], subject: Subject) -> Callable[..., Any]:
    """PyTorch's op for the same arguments by keyword, and its outs that are differentiated."""
    import torch

    def plain(*inputs: Any) -> Any:
        def put(array: Any) -> Any:
            tensor = torch.from_numpy(array.copy())
            return tensor.to(inputs[0].dtype) if tensor.is_floating_point() else tensor

        out = leaves(spelling(*inputs, **tree_map(put, dict(subject.static))))
        outs = tuple(o for i, o in enumerate(out) if i not in subject.detached)
        return outs[0] if len(outs) == 1 else outs

    return plain


FUNCTIONS: dict[str, Rule] = {
    "check_function, float64": partial(checked, dtype="float64"),
    "check_function, float32": partial(checked, dtype="float32"),
    "check_function, a kernel of float32 only": partial(checked, dtype="float32", only="float32"),
}
