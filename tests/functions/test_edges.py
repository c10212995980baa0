"""Edges in words, in three frameworks: nan from a branch that is not taken, a norm at zero, the member of a kink, None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function, frameworks

FRAMEWORKS = ("torch", "tensorflow", "jax")
Spelled = dict[str, Callable[..., Any]]


def spelled(name: str) -> tuple[Callable[[Any], Any], Spelled]:
    """(tensor from an array, functions by name) in a framework; skips where it is missing."""
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    if name == "torch":
        import torch

        return torch.tensor, {"where": torch.where, "exp": torch.exp, "sqrt": torch.sqrt, "sum": torch.sum, "relu": torch.relu}
    if name == "tensorflow":
        import tensorflow as tf

        functions = {"where": tf.where, "exp": tf.exp, "sqrt": tf.sqrt, "sum": tf.reduce_sum, "relu": tf.nn.relu}
        return tf.constant, functions
    import jax
    import jax.numpy as jnp

    return jnp.asarray, {"where": jnp.where, "exp": jnp.exp, "sqrt": jnp.sqrt, "sum": jnp.sum, "relu": jax.nn.relu}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_nan_from_the_branch_not_taken_is_wrong_at_its_element_alone(name: str) -> None:
    tensor, of = spelled(name)
    x = tensor(np.array([-1.0, 1000.0, 0.5], np.float32))
    finding = check_function(lambda x: of["where"](x <= 0, of["exp"](x), 1 + x), (x,))["dx"]
    assert (finding.verdict, finding.wrong, finding.where) == ("wrong", 1, ((1,),))
    assert np.isnan(finding.got)
    assert "At x[1] forward has the slope" in finding.message
    assert "a branch that was not taken" in finding.message


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_guarded_branch_is_right(name: str) -> None:
    tensor, of = spelled(name)
    x = tensor(np.array([-1.0, 1000.0, 0.5], np.float32))

    def guarded(x: Any) -> Any:
        return of["where"](x <= 0, of["exp"](of["where"](x <= 0, x, x * 0)), 1 + x)

    report = check_function(guarded, (x,))
    assert report.ok, str(report)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_nan_is_no_member_of_the_norm_at_zero(name: str) -> None:
    tensor, of = spelled(name)
    finding = check_function(lambda x: of["sqrt"](of["sum"](x * x)), (tensor(np.zeros(3, np.float32)),))["dx"]
    assert (finding.verdict, finding.wrong) == ("wrong", 3)
    assert "any number from -1 to 1" in finding.message


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_nan_is_no_derivative_of_the_square_of_the_norm_at_zero(name: str) -> None:
    """TensorFlow's gradient of sqrt gives 0 for a cotangent of 0."""
    tensor, of = spelled(name)

    def squared(x: Any) -> Any:
        norm = of["sqrt"](of["sum"](x * x))
        return norm * norm

    finding = check_function(squared, (tensor(np.zeros(3, np.float32)),))["dx"]
    assert (finding.verdict, finding.wrong, float(finding.truth)) == ("wrong", 3, 0.0)


MEMBERS = {"below": (lambda x, of: of["relu"](x), "the slope from below"), "above": (lambda x, of: x - of["relu"](x), "above")}


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("side", MEMBERS)
def test_the_member_of_a_kink_is_told(name: str, side: str) -> None:
    tensor, of = spelled(name)
    function, said = MEMBERS[side]
    finding = check_function(lambda x: function(x, of), (tensor(np.float32(0)),))["dx"]
    assert finding.verdict == "kink"
    assert said in finding.message if side == "below" else "1 came, the slope from below" in finding.message


def test_a_gradient_of_none_is_data_unless_it_is_asked_for() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, scale: Any) -> Any:
            ctx.scale = scale
            return x * scale

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return dout * ctx.scale, None

    inputs = (torch.linspace(-1, 1, 3), torch.tensor(2.0))
    assert check_function(Scaled.apply, inputs).ok
    assert check_function(Scaled.apply, inputs, wrt=["x", "scale"])["dscale"].verdict == "wrong"
    assert check_function(Scaled.apply, (inputs[0].requires_grad_(), inputs[1])).ok


def test_an_epsilon_that_float16_cannot_hold_is_wrong_there_and_right_in_bfloat16() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x = torch.tensor([[0.0, 0, 0], [1, 2, 3]])
    report = check_function(lambda x: torch.nn.functional.normalize(x, dim=1), (x,), dtypes=["bfloat16", "float16"])
    assert report["float16: out"].wrong == 3
    assert "An epsilon below" in report["float16: out"].message
    assert report["bfloat16: out"].verdict == report["bfloat16: dx"].verdict == "right"


class TestBatchNormInBfloat16:
    """A planted error of 3% in one channel of dweight is wrong; without it, all is rounding."""

    @staticmethod
    def examined(factor: float) -> Any:
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")

        class Planted(torch.autograd.Function):
            @staticmethod
            def forward(_: Any, weight: Any) -> Any:
                return weight.clone()

            @staticmethod
            def backward(_: Any, dout: Any) -> Any:
                scale = torch.ones_like(dout)
                scale[1] = factor
                return dout * scale

        def norm(x: Any, weight: Any, bias: Any) -> Any:
            return torch.nn.functional.batch_norm(x, None, None, Planted.apply(weight), bias, training=True)

        def plain(x: Any, weight: Any, bias: Any) -> Any:
            return torch.nn.functional.batch_norm(x, None, None, weight, bias, training=True)

        generator = torch.Generator().manual_seed(0)
        shapes = ((6, 3, 5, 5), (3,), (3,))
        inputs = tuple(torch.randn(*shape, generator=generator).bfloat16() for shape in shapes)
        return check_function(norm, inputs, reference=plain, strides=False)

    def test_rounding_agrees(self) -> None:
        report = self.examined(1.0)
        assert report.ok, str(report)

    def test_the_planted_error_is_wrong(self) -> None:
        report = self.examined(1.03)
        assert report["dweight"].verdict == "wrong"
        assert report["dweight"].where == ((1,),)


def test_beside_an_output_that_cancels_a_flat_one_is_smooth() -> None:
    """sin(pi) is less than its own noise, which says nothing about the noise of sinc(0)."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    assert check_function(torch.sinc, torch.tensor([0.0, 1.0, 0.5], dtype=torch.float64))["dinput0"].verdict == "right"


def test_no_rounding_of_a_probability_leads_above_1() -> None:
    """Where it would, the loss raises, and nothing is known of its rounding."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    labels = torch.tensor([0.0, 1.0, 1.0])

    def loss(x: Any) -> Any:
        return torch.nn.functional.binary_cross_entropy(torch.sigmoid(x), labels.to(x.dtype))

    assert check_function(loss, torch.tensor([20.0, -20.0, 30.0])).ok


@pytest.mark.parametrize(("mean", "unsure"), [(0.0, False), (1000.0, True)])
def test_a_value_of_which_rounding_leaves_no_digit_is_told(mean: float, unsure: bool) -> None:
    """A variance in one pass, far from zero: what comes is within rounding, and useless."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x = torch.tensor(mean + np.random.default_rng(0).normal(size=(2, 64)), dtype=torch.float32)
    finding = check_function(lambda x: (x * x).mean(-1) - x.mean(-1) ** 2, (x,))["float32: out"]
    assert finding.verdict == "right"
    assert finding.message.startswith("Hardly a digit is sure in float32 here") == unsure


def test_a_second_derivative_that_is_infinite_is_not_wrong() -> None:
    """The gradient of |x|^1.5 has no finite slope at 0."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    report = check_function(lambda x: x.abs() ** 1.5, torch.tensor([0.0, 1.0]), order=2)
    assert report["order 2: dx"].verdict == "undefined", str(report)
    assert "the gradient has no finite slope" in report["order 2: dx"].message


@pytest.mark.parametrize("factor", [1, 2])
def test_forward_mode_is_not_blamed_for_a_wrong_backward(factor: int) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            ctx.save_for_forward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return factor * 2 * ctx.saved_tensors[0] * dout

        @staticmethod
        def jvp(ctx: Any, tangent: Any) -> Any:
            return 2 * ctx.saved_tensors[0] * tangent

    report = check_function(Square.apply, torch.tensor([0.5, 1.5]), order=2)
    assert report["dx"].verdict == ("right" if factor == 1 else "wrong")
    assert report["forward mode"].verdict == ("right" if factor == 1 else "note")


def test_kernels_for_other_strides_may_round_otherwise() -> None:
    """1 + tanh(-8) is 0 in one kernel, and an ulp of 1 in another; the gradient multiplies it by 40."""
    torch: Any = pytest.importorskip("torch", reason="its functions are checked")
    x = torch.linspace(-9, -5, 4160, dtype=torch.float64).reshape(64, 65)
    report = check_function(lambda x: torch.nn.functional.gelu(x, approximate="tanh"), torch.cat([x, x + 6]))
    assert report.ok, report


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("x", [-46.0, -50.0, -60.0])
def test_a_slope_whose_parts_underflow_is_no_mistake(name: str, x: float) -> None:
    """Backward squares 1 / (1 + e^60), which float32 cannot hold, and multiplies it by e^60."""
    tensor, of = spelled(name)
    finding = check_function(lambda x: 1 / (1 + of["exp"](-x)), (tensor(np.float32(x)),))["float32: dx"]
    assert finding.verdict == "right"
    assert ("1 element is 0 in float32: what it is made of underflows" in finding.message) == (
        x == -60 or name != "torch"
    )  # which keeps subnormal numbers


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_slope_that_is_infinite_for_one_output_says_nothing_about_the_other_alone(name: str) -> None:
    tensor, of = spelled(name)
    report = check_function(lambda x: (of["sqrt"](x * x), 2 * x), (tensor(np.array([0.0, 1.0])),))
    assert not [finding.about for finding in report if "alone" in finding.about]


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_square_that_overflows_below_a_fraction_is_told_beside_usual_numbers(name: str) -> None:
    tensor, of = spelled(name)
    finding = check_function(lambda x: x / (1 + x * x) * of["exp"](0 * x), (tensor(np.array([1e20, 1.0], "float32")),))[
        "float32: out"
    ]
    assert "1 element is 0 in float32: what it is made of underflows, overflows or cancels" in finding.message
    assert "exact arithmetic gives 1e-20" in finding.message
