"""Custom rules of PyTorch: each mistake is found under its name, and the mended rule is right."""

from __future__ import annotations

from typing import Any

import pytest

from gradwitness import check_function
from gradwitness.report import Report

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

MISTAKES = {
    "scaled_by_first": ("dx", 2),
    "reads_memory": ("dx, strides of dout", 1),
    "overwrites": ("x", 1),
    "consumes": ("dx, second backward", 1),
    "remembers": ("dx, call in between", 1),
    "forgets_dout": ("dout", 1),
    "clips": ("dx, linear in dout", 1),
    "follows_the_largest": ("dx, linear in dout", 1),
    "expects_both": ("out[0] alone", 1),
    "needs_all": ("dy alone", 2),
    "reuses": ("dx, kept", 1),
    "redraws": ("dx, random numbers", 1),
    "keeps_intermediate": ("order 2: dx", 1),
}
"""Rule -> what the finding is about, and how many inputs it takes."""


def examined(name: str, *, faulty: bool) -> Report:
    from tests.functions import rules

    generator = torch.Generator().manual_seed(0)
    inputs: Any = [torch.randn(3, 4, generator=generator), torch.randn(4, generator=generator)]
    if name == "needs_all":
        inputs[1] = torch.randn(3, 4, generator=generator)
    return check_function(
        getattr(rules, name)(faulty), tuple(inputs[: MISTAKES[name][1]]), order=2 if name == "keeps_intermediate" else 1
    )


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mistake_is_found(name: str) -> None:
    report = examined(name, faulty=True)
    assert report.verdict == "wrong"
    assert report[MISTAKES[name][0]].verdict == "wrong", str(report)


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mended_rule_is_right(name: str) -> None:
    report = examined(name, faulty=False)
    assert report.ok, str(report)


@pytest.mark.explained
def test_a_cotangent_of_one_row_for_all_is_named() -> None:
    report = examined("scaled_by_first", faulty=True)
    for about in ("dx", "dweight"):
        assert "Backward scales by dout[0] alone" in report[about].explanation
        assert "right where all of dout are equal" in report[about].explanation


def test_the_gradient_of_a_rule_that_overwrites_its_input_is_right_the_first_time() -> None:
    report = examined("overwrites", faulty=True)
    assert report["dx"].verdict == "right"
    assert {finding.about for finding in report if finding.verdict == "wrong"} == {"x"}


def test_one_input_with_strides_among_plain_ones_is_tried() -> None:
    """PyTorch's backward of batch norm on (N, C) reads a weight with strides as if it were contiguous."""
    generator = torch.Generator().manual_seed(0)
    inputs = tuple(torch.randn(*shape, generator=generator) for shape in ((6, 3), (3,), (3,)))
    report = check_function(lambda x, w, b: torch.nn.functional.batch_norm(x, None, None, w, b, training=True), inputs)
    assert report["dx"].verdict == "right"
    assert report["dx, strides of w"].verdict == "wrong", str(report)


def test_an_error_without_words_in_vmap_or_forward_mode_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradwitness.subjects.tensors.torch import Torch

    def fails(*_: Any) -> Any:
        raise NotImplementedError

    monkeypatch.setattr(Torch, "vmapped", lambda *_: fails)
    monkeypatch.setattr(Torch, "jvp", fails)
    report = check_function(torch.sin, torch.ones(2), order=2, strides=False, repeats=1)
    assert [report[about].verdict for about in ("vmap", "forward mode")] == ["note", "note"]
    assert report.ok


@pytest.mark.parametrize("rows", [12, 512])
def test_a_backward_that_adds_in_float32_is_no_mistake(rows: int) -> None:
    """As kernels for bfloat16 do. In float64 it is less exact than its forward, by float32's rounding of a long sum."""

    class Linear(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any) -> Any:
            ctx.save_for_backward(x, weight)
            return x @ weight

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            x, weight = ctx.saved_tensors
            return dout @ weight.T, (x.float().T @ dout.float()).to(weight.dtype)

    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(rows, 3, generator=generator).abs().bfloat16(), torch.randn(3, 2, generator=generator).bfloat16()
    report = check_function(Linear.apply, inputs)
    assert report.ok, str(report)


def test_a_function_that_refuses_strides_is_not_wrong() -> None:
    """Nothing wrong comes of what raises before anything is computed. Of a cotangent nobody knows how it lies in memory."""
    report = check_function(lambda x: x.view(-1) * 2, torch.ones(2, 3))
    assert report.ok, str(report)
    assert report["strides of inputs"].verdict == "note"


def test_a_backward_that_refuses_strides_is_wrong() -> None:
    class Flat(torch.autograd.Function):
        @staticmethod
        def forward(_: Any, x: Any) -> Any:
            return 2 * x

        @staticmethod
        def backward(_: Any, dout: Any) -> Any:
            return 2 * dout.view(-1).view(dout.shape)

    assert check_function(Flat.apply, torch.ones(2, 3))["strides of dout"].verdict == "wrong"


@pytest.mark.parametrize("kept", [True, False])
def test_a_recomputation_that_draws_other_random_numbers_is_told_so(kept: bool) -> None:
    class Recomputed(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.state = torch.get_rng_state()
            ctx.save_for_backward(x)
            return torch.dropout(x.sin(), 0.5, True)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            if kept:
                torch.set_rng_state(ctx.state)
            with torch.enable_grad():
                x = ctx.saved_tensors[0].detach().requires_grad_()
                out = torch.dropout(x.sin(), 0.5, True)
            return torch.autograd.grad(out, x, dout)

    report = check_function(Recomputed.apply, torch.linspace(0.1, 1, 16).reshape(4, 4))
    wrong = {finding.about for finding in report if finding.verdict == "wrong"}
    assert wrong == (set() if kept else {"dx", "dx, random numbers"})


def test_what_pytorch_warns_of_in_calls_that_are_not_the_users_is_told_to_nobody() -> None:
    """That a hook fires where the input needs no gradient: the tests turn warnings into errors."""
    layer = torch.nn.Linear(3, 3)
    layer.register_full_backward_hook(lambda *_: None)
    assert check_function(layer, torch.randn(4, 3, generator=torch.Generator().manual_seed(0))).ok


class Weighted(torch.autograd.Function):
    """x * w, with w taken for data."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(w)
        return x * w

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return dout * ctx.saved_tensors[0], None


def test_none_is_as_for_data_where_nothing_says_that_a_gradient_is_wanted() -> None:
    x, w = torch.linspace(-1, 2, 6), torch.linspace(1, 2, 6)
    report = check_function(Weighted.apply, (x, w))
    assert report.ok
    assert [finding.about for finding in report if "dw" in finding.about] == ["dw"]  # in float32 it has no digits to lose
    assert report["dw"].verdict == "note"
    assert check_function(Weighted.apply, (x, w), wrt="w")["dw"].verdict == "wrong"
    assert check_function(Weighted.apply, (x.requires_grad_(), w.requires_grad_()))["dw"].verdict == "wrong"
