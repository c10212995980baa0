"""Kernels that take integers on trust: out of range they raise an error, and do not end the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradwitness import UserError, check_function
from gradwitness.reproducing.shrink import Shrinking

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

FRAMES, BATCH, CLASSES = 6, 2, 5
LENGTHS = torch.full((BATCH,), FRAMES), torch.tensor([3, 2])


class Twice(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
    """The identity, whose gradient is twice too large."""

    @staticmethod
    def forward(_: Any, x: Any) -> Any:
        return x.clone()

    @staticmethod
    def backward(_: Any, dout: Any) -> Any:
        return 2 * dout


def scores() -> Any:
    return torch.randn(FRAMES, BATCH, CLASSES, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def loss(logits: Any, targets: Any) -> Any:
    return torch.nn.functional.ctc_loss(torch.log_softmax(logits, -1), targets, *LENGTHS)


def of_fewer_classes(logits: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
    """The last class is left out: no input has an axis of as many classes as the loss."""
    log_probs = torch.log_softmax(Twice.apply(logits[..., :-1]), -1)
    return torch.nn.functional.ctc_loss(log_probs, targets, input_lengths, target_lengths)


def of_segments(x: Any, offsets: Any) -> Any:
    return torch.segment_reduce(x, "sum", offsets=offsets)


def of_sparse(values: Any, columns: Any) -> Any:
    return torch.sparse_csr_tensor(torch.tensor([0, 1, 2]), columns, values, (2, 3)) @ torch.eye(3, dtype=values.dtype)


OUT_OF_RANGE = {
    "a label": (loss, (scores(), torch.tensor([[1, 2, CLASSES], [1, 2, 0]])), f"the labels are from 1 to {CLASSES}, and 0 to 4"),
    "labels in one axis": (loss, (scores(), torch.tensor([1, 2, 3, 1, CLASSES])), f"the labels are from 1 to {CLASSES}"),
    "an offset": (of_segments, (scores()[:, 0, 0], torch.tensor([0, 2, FRAMES + 1])), f"the offsets are from 0 to {FRAMES + 1}"),
    "an index": (of_sparse, (torch.ones(2, dtype=torch.float64), torch.tensor([0, 3])), "sparse"),
}


@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_an_integer_out_of_range_is_an_error(name: str) -> None:
    function, inputs, message = OUT_OF_RANGE[name]
    with pytest.raises(UserError, match=message):
        check_function(function, inputs)


@pytest.mark.parametrize("padding", [-100, 0, 10**12])
def test_what_pads_short_targets_is_any_number(padding: int) -> None:
    report = check_function(loss, (scores(), torch.tensor([[1, 2, 3], [1, 2, padding]])))
    assert report.verdict == "right", str(report)


def test_pytorch_is_as_before_afterwards() -> None:
    before = torch.ctc_loss, torch.segment_reduce, torch.sparse.check_sparse_tensor_invariants.is_enabled()
    check_function(loss, (scores(), torch.ones(BATCH, 3, dtype=torch.int64)))
    assert before == (torch.ctc_loss, torch.segment_reduce, torch.sparse.check_sparse_tensor_invariants.is_enabled())


def test_a_script_has_labels_that_are_classes(tmp_path: Path) -> None:
    targets = torch.tensor([[1, 3, 2], [3, 1, 0]])
    check_function(of_fewer_classes, (scores(), targets, *LENGTHS)).reproducer(tmp_path / "script.py")
    blocks = (tmp_path / "script.py").read_text().split("\n\n\n")
    arrays: dict[str, Any] = {"np": np}
    exec(next(block for block in blocks if block.startswith("logits = ")), arrays)  # noqa: S102  the script's inputs
    classes = arrays["logits"].shape[-1] - 1
    for labels, length in zip(arrays["targets"], arrays["target_lengths"], strict=True):
        assert all(0 <= label < classes for label in labels[:length])
    assert len(arrays["logits"]) >= max(arrays["input_lengths"])


def test_indices_and_counts_end_where_an_axis_that_was_made_shorter_ends() -> None:
    seen = []

    def shows(arrays: Any) -> bool:
        seen.append({name: arrays[name,].tolist() for name in ("indices", "offsets")})
        return False

    arrays: Any = {("x",): np.zeros(6), ("indices",): np.array([0, 5, 3]), ("offsets",): np.array([0, 2, 4, 6])}
    Shrinking(shows, []).smallest(arrays)
    assert {"indices": [0, 1, 1], "offsets": [0, 2, 2, 2]} in seen
