"""Functions of PyTorch at points where they are degenerate."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gradwitness import check_function

torch = pytest.importorskip("torch", reason="its functions are checked")


def test_nan_for_an_arbitrary_basis_is_no_mistake() -> None:
    """The eigenvectors of the identity are any basis: a step to one side gives another than a step to the other."""
    (finding,) = (f for f in check_function(lambda x: torch.linalg.eigh(x)[1], (torch.eye(3).double(),)) if f.about == "dx")
    assert finding.verdict == "undefined"


def test_what_is_masked_by_infinity_is_not_moved() -> None:
    x = torch.tensor([-torch.inf, 1, 2], dtype=torch.float64)
    (finding,) = (f for f in check_function(lambda x: torch.logsumexp(x, 0), (x,)) if f.about == "dx")
    assert (finding.verdict, finding.message) == ("right", "1 element is infinite and cannot be moved: not checked")


def test_the_determinant_of_a_singular_matrix() -> None:
    """Its derivative is the matrix of cofactors, here (1, -1; -1, 1); PyTorch 2.13 returns zeros."""
    x = torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
    zeros = not torch.autograd.grad(torch.linalg.det(x), x)[0].any()
    (finding,) = (f for f in check_function(torch.linalg.det, (x.detach(),)) if f.about.startswith("d"))
    assert finding.verdict == ("wrong" if zeros else "right")


@pytest.mark.parametrize("value", [0.7, 0.93359375, 1.3, 3.1])
@pytest.mark.parametrize("seed", range(4))
def test_a_gradient_that_is_zero_but_for_rounding_is_linear(value: float, seed: int) -> None:
    """v / |v| of one number is 1: what its gradient rounds to is small against other gradients, and not against itself."""

    def function(v: Any) -> Any:
        return 1.140625 * v / torch.sqrt((v * v).sum())

    assert check_function(function, (torch.tensor([value], dtype=torch.float64),), seed=seed).ok


def test_nan_where_a_function_stands_still_is_wrong() -> None:
    """x^0 is 1 everywhere, and 0 * x^-1 is nan at 0."""

    class Power(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**0.0

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return dout * 0.0 * ctx.saved_tensors[0] ** -1.0

    finding = check_function(Power.apply, torch.tensor([0.0, 1.0, 2.0]).double())["dx"]
    assert (finding.verdict, finding.index, finding.truth) == ("wrong", (0,), 0)


def test_nan_that_forward_returns_is_told() -> None:
    row = torch.tensor([[True, True], [False, False]])
    report = check_function(lambda x: torch.softmax(x.masked_fill(row, -torch.inf), -1), torch.randn(2, 2).double())
    assert report["dx"].message == "Forward itself returns nan or inf, in 2 of 4 numbers"


@pytest.mark.parametrize("seed", range(3))
def test_a_bias_before_a_batch_norm_is_zero_and_no_jump(seed: int) -> None:
    """All of it is 0, as it begins, and so is its gradient but for rounding: what is not seen of it is negligible."""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
    torch.nn.init.zeros_(network[0].bias)
    report = check_function(network, (torch.randn(4, 3),), seed=seed)
    assert report.verdict != "wrong", str(report)


def test_what_rounding_alone_makes_infinite_is_wrong() -> None:
    """The sigmoid of 20 is 1 in float32. The loss is 20."""
    report = check_function(lambda x: -torch.log(1 - torch.sigmoid(x)), torch.tensor([20.0, 0.5]))
    assert {finding.about: finding.verdict for finding in report} == {
        "dx": "right",
        "float32: out": "overflow",
        "float32: dx": "wrong",
    }
    assert "logsigmoid" in report["float32: out"].message


def test_a_scatter_that_selects_rounds_nothing() -> None:
    """Ties share the gradient by comparing with the largest, which a rounding would move."""
    index = torch.tensor([0, 0, 1])

    def largest(x: torch.Tensor) -> torch.Tensor:
        return torch.zeros(2, dtype=x.dtype).scatter_reduce(0, index, x, "amax", include_self=False)

    assert check_function(largest, torch.tensor([2.0, 2.0, 1.0])).ok


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_epsilon_far_below_float32_is_no_stair(dtype: torch.dtype) -> None:
    """Beside a row of zeros the slope is 1e12, over steps at which float32 inside would stand still."""
    x = torch.tensor([[0, 0, 0], [1, 2, 3]], dtype=dtype)
    assert check_function(lambda x: torch.nn.functional.normalize(x, dim=1), x).ok


def test_a_function_that_is_written_in_c_has_the_name_that_users_call() -> None:
    report = check_function(torch.abs, (torch.tensor([0.5, -2.0]),))
    assert str(report).startswith("torch.abs, PyTorch: right")


def test_a_gradient_that_is_rounding_alone_is_told_with_what_would_have_been_seen() -> None:
    """The sum of what is standardised is 0 for all inputs. With weights there is something to see."""
    x = torch.rand(10, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    weights = torch.linspace(1, 2, 120, dtype=torch.float64).reshape(10, 12)
    message = check_function(lambda x: torch.nn.functional.layer_norm(x, (12,)).sum(), x)["dx"].message
    assert re.search(r"what came is \de-1\d at most, and errors below \de-1[0-3] stay hidden", message)
    assert "It may be 0 but for rounding" in message
    assert "weights" in message
    assert check_function(lambda x: (weights * torch.nn.functional.layer_norm(x, (12,))).sum(), x).ok


@pytest.mark.parametrize("seed", range(6))
def test_the_divergence_of_a_distribution_from_itself_is_linear_but_for_rounding(seed: int) -> None:
    """The output is 0, of terms that are not: what rounds in those is no law that a rule breaks."""

    def divergence(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.kl_div(a.log_softmax(-1), b.softmax(-1), reduction="batchmean")

    x = torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    assert check_function(divergence, (x, x.clone()), seed=seed).verdict != "wrong"


@pytest.mark.parametrize("seed", range(4))
def test_second_derivatives_that_are_rounding_alone_are_no_mistake(seed: int) -> None:
    """A softmax that has picked one of three: its slopes are 1e-24, and of the digits of 1 - p none is left."""
    x = torch.tensor([-36.0, -72.0, 20.0], dtype=torch.float64)
    report = check_function(lambda x: torch.relu(torch.softmax(x, 0) - 0.2), (x,), order=2, seed=seed)
    assert report.verdict != "wrong", str(report)


def test_a_second_derivative_that_is_lost_beside_large_outputs_is_seen() -> None:
    x = torch.tensor([0.3, -1.2, 0.8], dtype=torch.float64)

    class Squared(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.x = x.detach()
            return 1e6 + x**2

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return 2 * ctx.x * dout

    report = check_function(Squared.apply, (x,), order=2)
    assert report["order 2: dx"].verdict == "wrong"


def saturated(x: Any) -> Any:
    """1 - tanh(10)^2 has eight digits."""
    return torch.cosh(torch.tanh(torch.expm1(torch.exp(torch.sqrt(x.prod())))))


def centred(x: Any) -> Any:
    """The mean of what has none."""
    products = torch.arctan(x).prod(1)
    return ((products - products.mean()) / torch.sqrt(products.var(correction=0) + 1e-3)).mean()


CANCELS = {
    saturated: [-0.3738540317419418, 2.5595309649250595, -0.7759083308129564],
    centred: [[0.0, -0.5287586857912817, -1.0690096818476736], [-0.17985814887379292, 0.5599164145851875, 0.0]],
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("function", CANCELS)
def test_forward_mode_whose_digits_cancel_is_no_mistake(function: Any, seed: int) -> None:
    report = check_function(function, (torch.tensor(CANCELS[function], dtype=torch.float64),), order=2, seed=seed)
    assert report["forward mode"].verdict == "right", str(report)
