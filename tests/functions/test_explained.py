"""The cause of a wrong gradient in words, for mistakes that rules and modules of frameworks have."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import UserError, check_function

pytestmark = pytest.mark.explained

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

X = torch.linspace(-1.7, 1.9, 10, dtype=torch.float64)


def rule(forward: Callable[..., Any], backward: Callable[..., Any]) -> Callable[..., Any]:
    """A rule whose backward gets its cotangents and its inputs."""

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            ctx.inputs = inputs
            return forward(*inputs)

        @staticmethod
        def backward(ctx: Any, *douts: Any) -> Any:
            return backward(*douts, *ctx.inputs)

    return Rule.apply  # type: ignore[no-any-return]


def explained(function: Callable[..., Any], inputs: Any) -> str:
    """The cause that is told of the first gradient that is wrong."""
    return next(finding.explanation for finding in check_function(function, inputs) if finding.verdict == "wrong")


def detached(x: Any) -> Any:
    return x * x.exp().detach()


def without_grad(x: Any) -> Any:
    with torch.no_grad():
        norm = x.square().sum().sqrt()
    return x / norm


def detached_twice(x: Any) -> Any:
    low = x.amin().detach()
    high = x.amax().detach()
    return (x - low) / (high - low) ** 2


@pytest.mark.parametrize(
    ("function", "lines"),
    [
        (detached, ["- return x * x.exp().detach()", "+ return x * x.exp()"]),
        (without_grad, ["- with torch.no_grad():", "+ norm = x.square().sum().sqrt()"]),
        (detached_twice, ["+ low = x.amin()", "+ high = x.amax()"]),
    ],
)
def test_the_line_that_holds_something_constant_is_named(function: Callable[[Any], Any], lines: list[str]) -> None:
    explanation = explained(function, X)
    assert "a part of the gradient is left out here" in explanation
    assert all(line in explanation for line in lines), explanation


def test_a_bound_that_is_handed_over_as_a_number_is_known() -> None:
    bounded = rule(lambda x, low, high: x.clamp(low, high), lambda dout, x, low, _: (dout * (x > low), None, None))
    assert "it should be 0: a mask is wrong or missing" in explained(bounded, (X, -0.5, 0.75))


def test_what_changes_the_cotangent_on_its_way_is_told() -> None:
    clipped = rule(lambda x: x.clone(), lambda dout, _: dout.clamp(-0.5, 0.5))
    assert "It is cut off at a bound" in explained(clipped, X)
    positive = rule(lambda x: x.clone(), lambda dout, _: dout.abs())
    assert "What is right is dout itself" in explained(positive, X)


def test_a_constant_that_bounds_the_cotangent_is_no_repair() -> None:
    """With a larger bound it agrees for this cotangent, and for no larger one."""
    bounded = rule(lambda x: x.clone(), lambda dout, _: dout * (0.5 / dout.norm()).clamp(max=1.0))
    explanation = explained(bounded, X)
    assert explanation.endswith("+ dout"), explanation


def test_an_output_that_backward_forgets_is_named() -> None:
    both = rule(lambda x: (x.exp(), x.sin()), lambda dexp, _, x: dexp * x.exp())
    explanation = explained(both, X)
    assert explanation == "Backward does not use dout[1]: what flows back from out[1] is missing; all else is right"


def test_a_factor_is_told_where_float32_shows_three_digits() -> None:
    def forward(x: Any) -> Any:
        """A kernel of float32 alone, whose inside nobody sees."""
        assert x.dtype == torch.float32
        return torch.from_numpy((x / (1 + x.abs())).numpy())

    narrow = rule(forward, lambda dout, x: 1.01 * dout / (1 + x.abs()) ** 2)
    assert "what came is about 1.01 times the truth at all of them" in explained(narrow, X.float())


def test_a_second_derivative_through_a_kept_intermediate_is_explained() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.twice = 2 * x
            return ctx.twice**2

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return 4 * ctx.twice * dout

    assert "an intermediate value kept on ctx" in check_function(Square.apply, X, order=2)["order 2: dx"].explanation


def test_a_function_that_works_in_place_is_told_what_helps() -> None:
    with pytest.raises(UserError, match=r"lambda x: function\(x\.clone\(\)\)"):
        check_function(torch.nn.ReLU(inplace=True), X)


def by_numpy(x: Any) -> Any:
    return x * torch.from_numpy(np.sin(x.detach().numpy()))


def by_item(x: Any) -> Any:
    return x * x.max().item()


def made_anew(x: Any) -> Any:
    return x * torch.tensor(x.tolist(), dtype=x.dtype).sum()


def test_the_row_of_padding_is_left_out_on_purpose() -> None:
    text = explained(torch.nn.Embedding(5, 3, padding_idx=-5), torch.tensor([0, 1, 1]))
    assert text.startswith("padding_idx=0 of Embedding leaves row 0 out of the gradient, as it is told to")


def test_a_tensor_of_numbers_in_the_code_leaves_no_graph() -> None:
    halved = rule(lambda x, index: x[index] / 2, lambda dout, x, index: (torch.zeros_like(x).index_add(0, index, dout), None))
    assert "leaves the graph" not in explained(lambda x: halved(x, torch.tensor([0, 3, 1, 3])), X)


def test_what_a_rule_computes_outside_leaves_no_graph() -> None:
    sine = rule(lambda x: torch.from_numpy(np.sin(x.detach().numpy())), lambda dout, x: torch.cos(dout * x.exp()))
    assert "leaves the graph" not in explained(sine, X)

    @torch.library.custom_op("gradwitness_tests::sine", mutates_args=())  # type: ignore[untyped-decorator]  # likewise
    def operation(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(np.sin(x.numpy()))

    operation.register_autograd(
        lambda ctx, dout: torch.cos(dout * ctx.saved_tensors[0].exp()),
        setup_context=lambda ctx, inputs, output: ctx.save_for_backward(inputs[0]),
    )
    assert "leaves the graph" not in explained(operation, X)


@pytest.mark.parametrize(("function", "call"), [(by_numpy, ".numpy()"), (by_item, ".item()"), (made_anew, ".tolist()")])
def test_where_a_value_leaves_the_graph_is_told(function: Callable[[Any], Any], call: str) -> None:
    words = explained(function, X)
    assert "A value leaves the graph in line " in words
    assert f"({call})" in words
    assert words.endswith("it is not differentiated")


def clipped_at_a_number(x: Any, alpha: Any) -> Any:
    rows = float(len(x))
    return rows * torch.clamp(x, 0, float(alpha))


def clipped_at_an_item(x: Any, alpha: Any) -> Any:
    return torch.clamp(x, 0, alpha.item())


@pytest.mark.parametrize(("function", "call"), [(clipped_at_a_number, "float(alpha)"), (clipped_at_an_item, ".item()")])
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad:UserWarning")  # PyTorch says it as well
def test_an_argument_without_a_gradient_is_told_where_it_left_the_graph(function: Callable[..., Any], call: str) -> None:
    message = check_function(function, (X, torch.tensor(0.9, dtype=torch.float64)), wrt="alpha")["dalpha"].message
    assert "although the outputs change with it" in message
    assert re.search(rf"leaves the graph in line \d+ of test_explained.py \({re.escape(call)}\): it", message), message


class LearnedStep(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
    """Fake quantisation with a learned step size (LSQ): both gradients pass what rounding stops."""

    @staticmethod
    def forward(ctx: Any, x: Any, step: Any) -> Any:
        codes = torch.clamp(torch.round(x / step), -8, 7)
        ctx.save_for_backward(x, step, codes)
        return codes * step

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        x, step, codes = ctx.saved_tensors
        inside = (x / step >= -8) & (x / step <= 7)
        return dout * inside, (dout * torch.where(inside, codes - x / step, codes)).sum().reshape(step.shape)


def test_a_mask_that_nothing_passes_is_no_repair_of_a_straight_through_estimator() -> None:
    """(x / step < -8) & (x / step <= 7) makes both gradients agree: it holds nowhere."""
    x = torch.tensor([-0.33, 0.52, 1.78, -2.31, 0.07, 0.91, -1.12])
    report = check_function(LearnedStep.apply, (x, torch.tensor(0.2)))
    assert "A straight-through estimator" in report["dx"].explanation
    assert "This agrees" not in report["dx"].explanation
    assert "+ (dout * torch.where(inside, codes, codes)).sum()" in report["dstep"].explanation
