"""What agrees by chance is not told: a mask that is a row, a number that is also a length, N - 1 where one is not picked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_function

X = np.random.default_rng(0).normal(size=7)
MASK = np.array([True, True, False, True, True, False, False])
ALL_BUT_ONE = np.arange(7) != 3


def masked_mean(x: Any, mask: Any) -> Any:
    return (x * x * mask).sum() / mask.sum()


def over_all(dout: Any, x: Any, mask: Any) -> Any:
    return dout * 2 * x * mask / len(x)


@pytest.mark.parametrize(("mask", "share"), [(MASK, "4/7"), (ALL_BUT_ONE, "6/7")])
def test_a_mean_over_all_is_told_by_the_share_of_the_mask(mask: Any, share: str) -> None:
    said = check(masked_mean, over_all, (X, mask))["dx"].explanation
    assert f"{share}, which is the share of mask that is true" in said
    assert "N - 1" not in said


def test_labels_that_are_ignored_are_counted() -> None:
    labels = np.array([0, 2, -1, 1, -1, 0, 3])

    def forward(x: Any, labels: Any) -> Any:
        picked = labels >= 0
        return (np.exp(x) * picked).sum() / picked.sum()

    def backward(dout: Any, x: Any, labels: Any) -> Any:
        return dout * np.exp(x) * (labels >= 0) / len(labels)

    assert "the share of labels that is not negative" in check(forward, backward, (X, labels))["dx"].explanation


def test_a_constant_of_the_source_is_no_length() -> None:
    """3/2 is a constant, and also N / (N - 1) of 3 elements."""

    def backward(dout: Any, x: Any) -> Any:
        return 3 * dout * x

    said = check(lambda x: x * x, backward, X[:3])["dx"].explanation
    assert "a constant is wrong" in said
    assert "number of elements" not in said


def test_a_row_is_no_mask_of_numbers_that_happen_to_be_negative_there() -> None:
    values = np.array([[-1.0, -2.0], [1.0, 2.0], [3.0, 4.0]])

    def forward(x: Any, values: Any) -> Any:
        out = x.copy()
        for i, place in enumerate([0, 1, 0]):  # the last one stays
            out[place] = values[i]
        return out

    def backward(dout: Any, x: Any, values: Any) -> Any:  # noqa: ARG001 - as forward has them
        dx = dout.copy()
        dx[[0, 1]] = 0
        return dx, dout[[0, 1, 0]]

    said = check(forward, backward, (np.ones((3, 2)), values))["dvalues"].explanation
    assert "row" in said
    assert "values > 0" not in said


def test_labels_and_masks_of_a_framework_are_known() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Mean(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, x: Any, mask: Any) -> Any:
            ctx.save_for_backward(x, mask)
            return masked_mean(x, mask)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return over_all(dout, *ctx.saved_tensors), None

    said = check_function(Mean.apply, (torch.from_numpy(X), torch.from_numpy(MASK)))["dx"].explanation
    assert "4/7, which is the share of mask that is true" in said


class Scale:
    """A layer with a factor."""

    def __init__(self, by: float) -> None:
        self.by = by

    def forward(self, x: Any) -> Any:
        return self.by * np.tanh(x)

    def backward(self, dout: Any, x: Any) -> Any:
        return dout * (1 - np.tanh(x) ** 2)


def test_an_attribute_is_written_as_one() -> None:
    layer = Scale(2.5)
    assert "1/self.by" in check(layer.forward, layer.backward, X)["dx"].explanation
