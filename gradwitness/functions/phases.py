"""Eigenvectors and singular vectors of complex matrices: each is known but for a phase, a factor e^(i t).

LAPACK picks the phases, and a derivative of its results is one of that choice as well. The rules of JAX and TensorFlow hold the
phases constant; PyTorch refuses a cotangent that depends on them. So such gradients are right for whatever does not depend on
the phases. That is judged: with a cotangent that does not see them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.claims import row
from gradwitness.judging.gradients import gradients
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding
from gradwitness.subjects.tensors.function import Differentiated

VECTORS = "eigenvectors or singular vectors of complex matrices, each of which is known but for a factor e^(i t)"
RIGHT = (
    f"Right for what does not depend on phases. Forward computes {VECTORS}: for what depends on those factors, no gradient is "
    "right. In a loss take abs(v), or v times its adjoint"
)
UNSURE = f"Forward computes {VECTORS}. If its outputs depend on those factors, no gradient is right: return what does not"


class Unphased(Point):
    """A point whose cotangents do not see the phases of columns and rows of complex outputs."""

    def __init__(self, point: Point, pairs: Sequence[bool]) -> None:
        super().__init__(point.function, point.seed, point.state, point.dtype)
        self.douts = [unphased(out, dout) if pair else dout for out, dout, pair in zip(self.outs, self.douts, pairs, strict=True)]
        self.weights = row(self.douts)


def but_for_phases(point: Point, subject: Differentiated, found: list[Finding]) -> Iterator[Finding]:
    """The same findings; of gradients that are wrong, behind vectors whose phases are arbitrary, what is right but for those."""
    if not any(finding.verdict == "wrong" for finding in found) or not subject.operations.phases:
        yield from found
        return
    call = subject.run(point.arrays, subject.precision)
    other = Unphased(point, [subject.backend.dtype(out).startswith("complex") and len(out.shape) > 1 for out in call.tensors])
    told = {finding.about: finding for finding in gradients(other)}
    point.evaluations += other.evaluations
    for finding in found:
        part = told.get(finding.about)
        if finding.verdict != "wrong":
            yield finding
        elif part is not None and part.verdict in ("right", "convention", "kink"):
            said = ". ".join(each for each in (RIGHT, part.message) if each)
            yield Finding(finding.about, "convention", said, of=finding.of, sight=part.sight)
        elif part is not None and part.verdict == "cannot tell":
            yield Finding(finding.about, "cannot tell", UNSURE, of=finding.of, sight=part.sight)
        else:
            yield replace(finding, message=". ".join(each for each in (finding.message, UNSURE) if each))


def unphased(out: Array, dout: Array) -> Array:
    """A cotangent less its part along changes of the phases of the columns and rows of an output.

    out, dout   matrices, or batches of them, of complex numbers as pairs: (..., m, n, 2)
    """
    matrix, cotangent = out[..., 0] + 1j * out[..., 1], dout[..., 0] + 1j * dout[..., 1]
    along = (matrix.conj() * cotangent).imag  # of each element, the part along a change of its own phase
    squares = np.abs(matrix) ** 2
    by_row, by_column = squares.sum(-1), squares.sum(-2)
    rows, columns = matrix.shape[-2:]
    products = np.zeros((*matrix.shape[:-2], rows + columns, rows + columns))
    products[..., :rows, rows:], products[..., rows:, :rows] = squares, squares.swapaxes(-1, -2)
    diagonal = np.arange(rows + columns)
    products[..., diagonal, diagonal] = np.concatenate([by_row, by_column], -1)
    parts = np.concatenate([along.sum(-1), along.sum(-2)], -1)
    changes = (np.linalg.pinv(products, hermitian=True) @ parts[..., None])[..., 0]
    turned = cotangent - 1j * matrix * (changes[..., :rows, None] + changes[..., None, rows:])
    return np.stack([turned.real, turned.imag], -1)
