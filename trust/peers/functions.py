"""`check_function` as a rule: the pair is a torch.autograd.Function, as its author has it. Nothing is told of kinks or zeros.

In float32 PyTorch's own op stands beside it as `reference`, as plain operations stand beside a kernel: the rounding of a function
that leaves PyTorch cannot be watched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest.mock import patch

from gradwitness import check_function
from gradwitness.arrays import Array
from gradwitness.functions import check, gradients
from gradwitness.functions.truth import Truth, truth_of
from gradwitness.report.findings import UNCERTAIN
from gradwitness.report.report import Report
from gradwitness.rounding.arithmetic import Measured
from gradwitness.subjects.pair import Subject, leaves, tree_map
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.precision import Precision
from trust.peers.examined import Examined, Rule, Undecided, of_pytorch
from trust.peers.wrapped import torch_function


def checked(at: Examined, *, dtype: str, only: str = "") -> None:
    """Raises AssertionError where the verdict is wrong, and Undecided where there is none.

    only   the dtype of a kernel that exists in no other
    """
    quick = patch.object(gradients, "explained", lambda _, findings: findings)
    with quick, patch.object(check, "truth_of", partial(_remembered, (at.op.name, at.case.id))):
        report = examined(at, dtype=dtype, only=only)
    if report.verdict == "wrong":
        raise AssertionError(str(report))
    if report.verdict == "cannot tell":
        raise Undecided("; ".join(f"{f.about}: {f.message}" for f in report if f.verdict in UNCERTAIN)[:200])


def examined(at: Examined, *, dtype: str, only: str = "") -> Report:
    """The report. `checked` asks for less: which mistake explains a wrong gradient has no say in the verdict, and takes nine
    tenths of the time.
    """
    import torch

    pair = at.pair(dtype)
    reference = None
    if dtype != "float64":
        reference = _plain(of_pytorch(at, dtype), pair.subject)
    inputs = tuple(torch.from_numpy(x.copy()) for x in pair.inputs)
    return check_function(torch_function(pair, only), inputs, reference=reference, seed=at.subject.seed)


@dataclass(frozen=True)
class Remembered:
    """What the reference gives, and what rounding may do to it: measured once for all mutants of an op at the same inputs."""

    truth: Truth
    where: tuple[str, str]

    def measured(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int) -> Mapping[str, Measured]:
        """As a `Truth` does."""
        key = (self.where, dtype, precision, seed, *(dout.tobytes() for dout in douts))
        if key not in _MEASURED:
            if len(_MEASURED) >= MANY:
                _MEASURED.clear()
            _MEASURED[key] = self.truth.measured(dtype, precision, douts, seed)
        return _MEASURED[key]

    def moved(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int) -> Mapping[str, Measured]:
        """As a `Truth` does."""
        return self.truth.moved(dtype, precision, douts, seed)


MANY = 512
_MEASURED: dict[Any, Mapping[str, Measured]] = {}


def _remembered(where: tuple[str, str], reference: Any, subject: Differentiated, make: Any) -> Truth:
    truth = truth_of(reference, subject, make)
    return truth if reference is None else Remembered(truth, where)


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
