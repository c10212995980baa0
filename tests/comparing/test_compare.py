"""`compare` on functions of PyTorch and NumPy: each of its four verdicts, and who is to blame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import BadCall, Disagreement, Report, assert_compare, compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def drawn(*shape: int, offset: float = 0.0) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)) + offset


def tanh(x: Any) -> Any:
    return torch.tanh(x)


def by_exponentials(x: Any) -> Any:
    return 1 - 2 / (torch.exp(2 * x) + 1)


def rule(factor: float) -> Callable[..., Any]:
    """tanh with a backward that is wrong by a factor."""

    class Tanh(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return torch.tanh(x)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            return factor * dout * (1 - torch.tanh(x) ** 2)

    return Tanh.apply  # type: ignore[no-any-return]


def one_pass(x: Any) -> Any:
    return (x * x).mean() - x.mean() ** 2


def two_passes(x: Any) -> Any:
    return (x - x.mean()).square().mean()


def test_the_same_function_is_the_same_to_the_bit() -> None:
    report = compare({"one": tanh, "other": tanh}, drawn(3, 4))
    assert report.ok
    assert [(f.about, f.message) for f in report] == [("out", "Same to the bit"), ("dx", "Same to the bit")]


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_another_way_to_compute_it_is_within_rounding(dtype: str) -> None:
    report = compare({"plain": tanh, "exponentials": by_exponentials}, drawn(3, 4), dtype=dtype)
    assert report.ok, str(report)
    assert report["dx"].message.startswith("Within rounding: plain")
    assert 0 < report["dx"].sight < {"float64": 1e-12, "float32": 1e-4, "bfloat16": 1.0}[dtype]


@pytest.mark.parametrize("names", [("plain", "rule"), ("rule", "plain")])
def test_the_derivative_says_whose_gradient_is_wrong(names: tuple[str, str]) -> None:
    both = {"plain": tanh, "rule": rule(1.25)}
    report = compare({name: both[name] for name in names}, drawn(3, 4))
    assert report.verdict == "wrong"
    assert report["out"].verdict == "right"
    gradient = next(f for f in report if f.about != "out")
    assert gradient.message.startswith("rule is wrong")
    assert abs(float(gradient.got) / float(gradient.truth) - 1.25) < 1e-6


def test_the_odd_one_out_of_three_is_wrong() -> None:
    functions = {"wrong": lambda x: 1.01 * torch.tanh(x), "plain": tanh, "exponentials": by_exponentials}
    report = compare(functions, drawn(3, 4))
    assert report["out"].message.startswith("wrong is wrong")


def test_of_two_functions_the_reference_is_right() -> None:
    functions = {"tanh": lambda x: torch.nn.functional.gelu(x, approximate="tanh"), "erf": torch.nn.functional.gelu}
    assert "different functions" in compare(functions, drawn(3, 4))["out"].message
    report = compare(functions, drawn(3, 4), reference=lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2)
    assert report["out"].message.startswith("tanh is wrong")


def from_above(x: Any) -> Any:
    return torch.where(x >= 0, x, 0 * x)


def test_at_a_kink_it_is_told_which_member_each_picks() -> None:
    report = compare({"relu": torch.relu, "relu again": lambda x: torch.relu(x), "where": from_above}, torch.zeros(3))
    assert report.verdict == "wrong"
    (finding,) = [finding for finding in report if finding.verdict == "wrong"]
    assert "relu and relu again pick 0, where picks" in finding.message
    assert finding.wrong == 3
    assert finding.truth is None
    assert "of 32 units" not in str(report).partition("dinput0")[2]


def test_a_distance_where_nothing_rounds_is_not_told_in_units() -> None:
    report = compare({"twice": lambda x: 2 * x, "thrice": lambda x: 3 * x}, torch.arange(1.0, 4))
    assert "inf" not in str(report)
    assert "thrice off where nothing is rounded" in str(report)


def test_a_narrow_dtype_hides_another_function_and_that_is_said() -> None:
    functions = {"erf": torch.nn.functional.gelu, "tanh": lambda x: torch.nn.functional.gelu(x, approximate="tanh")}
    report = compare(functions, drawn(40) * 3, dtype="bfloat16")
    assert report.ok
    assert "bfloat16 hides" in str(report) or "Same to the bit" in report["out"].message


@pytest.mark.parametrize("names", [("one", "two"), ("two", "one")])
def test_what_loses_its_digits_is_wrong(names: tuple[str, str]) -> None:
    both = {"one": one_pass, "two": two_passes}
    report = compare({name: both[name] for name in names}, drawn(20, offset=1e5))
    assert report["out"].verdict == "wrong"
    assert report["out"].message.startswith("one is wrong")
    assert "loses digits in float32" in report["out"].message


def test_where_no_function_keeps_a_digit_nobody_can_tell() -> None:
    functions = {"one": one_pass, "other": lambda x: (x @ x - x.sum() ** 2 / 20) / 20}
    report = compare(functions, drawn(20, offset=1e5))
    assert report.verdict == "cannot tell"
    assert "Ill-conditioned here, nobody can tell" in str(report)


def test_a_gradient_that_is_zero_up_to_rounding_is_within_rounding() -> None:
    """What batch norm subtracts has no gradient."""

    def library(x: Any, bias: Any) -> Any:
        return torch.nn.functional.batch_norm(x + bias, None, None, training=True)

    def plain(x: Any, bias: Any) -> Any:
        y = x + bias
        return (y - y.mean(0)) / torch.sqrt(y.var(0, correction=0) + 1e-5)

    report = compare({"library": library, "plain": plain}, (drawn(5, 3), drawn(3)))
    assert report.ok, str(report)
    assert "the truth is zero" in report["dbias"].message


DEAD = {
    "constants": (lambda x: 0 * x + 1, "they return the same whatever they are given"),
    "detached": (lambda x: torch.sin(x).detach(), "no function gives any"),
    "zero gradients": (lambda x: torch.sin(x).detach() + 0 * x, "every one is zero"),
}


@pytest.mark.parametrize("name", DEAD)
def test_two_dead_functions_do_not_agree(name: str) -> None:
    function, message = DEAD[name]
    report = compare({"one": function, "other": function}, drawn(3))
    assert report.verdict == "cannot tell"
    assert message in str(report)


LIVING = {
    "a constant": lambda x: torch.sin(drawn(3)) + 0 * x,
    "cut off": lambda x: torch.sin(x).detach(),
}


@pytest.mark.parametrize("name", LIVING)
def test_a_dead_function_beside_a_living_one_is_wrong(name: str) -> None:
    report = compare({"living": torch.sin, "dead": LIVING[name]}, drawn(3))
    assert report.verdict == "wrong"
    assert "dead" in str(report)


def test_a_function_that_runs_on_no_other_inputs_is_not_dead() -> None:
    """Labels are probabilities: PyTorch refuses those beyond 1, NumPy's way to write it does not."""
    p, labels = torch.tensor([0.2, 0.7]), torch.tensor([0.0, 1.0])

    def plain(p: Any, labels: Any) -> Any:
        return -(labels * torch.log(p) + (1 - labels) * torch.log(1 - p)).mean()

    report = compare({"library": torch.nn.functional.binary_cross_entropy, "plain": plain}, (p, labels))
    assert report.ok, str(report)


def test_without_gradients_an_optimizer_takes_a_copy_of_an_input_for_a_leaf() -> None:
    def stepped(decay: float) -> Callable[..., Any]:
        def step(weight: Any, gradient: Any) -> Any:
            weight = weight.clone().requires_grad_()
            weight.grad = gradient
            torch.optim.SGD([weight], lr=0.1, weight_decay=decay).step()
            return weight.detach()

        return step

    functions = {"plain": lambda weight, gradient: weight - 0.1 * gradient, "step": stepped(0.0)}
    assert compare(functions, (drawn(5), drawn(5)), gradients=False).ok
    decayed = {"step": stepped(0.0), "decayed": stepped(0.1)}
    assert compare(decayed, (drawn(5), drawn(5)), gradients=False)["out"].verdict == "wrong"


def test_numpy_has_values_alone() -> None:
    report = compare({"numpy": np.tanh, "torch": by_exponentials}, drawn(3).numpy())
    assert report.ok
    assert report["out"].message.startswith("Within rounding: numpy")


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "right"), (1.01, "wrong")])
def test_functions_of_numpy_alone_are_compared_by_their_values(factor: float, verdict: str) -> None:
    report = compare({"one": np.tanh, "other": lambda x: factor * np.tanh(x)}, drawn(3).numpy())
    assert [(f.about, f.verdict) for f in report] == [("out", verdict)]


@pytest.mark.parametrize(("reference", "blamed"), [(None, "They differ"), ("outside", "inside is wrong")])
def test_functions_whose_values_are_too_close_for_float32_differ_in_their_gradients(reference: str | None, blamed: str) -> None:
    """A step with an epsilon inside the root is another function: its gradient is no false one."""
    functions = {
        "outside": lambda x, v: x - 1e-5 * x / (torch.sqrt(v) + 1e-8),
        "inside": lambda x, v: x - 1e-5 * x / torch.sqrt(v + 1e-7),
    }
    known = {name: f for name, f in functions.items() if name != reference} | {"again": functions["outside"]}
    report = compare(known, (drawn(5), 0.01 * drawn(5).abs() + 0.002), reference=functions.get(reference or ""), wrt="v")
    assert report["dv"].verdict == "wrong"
    assert report["dv"].message.startswith(blamed)
    assert "in float32 it is not" not in report["dv"].message
    assert "these are different functions, and float32 hides it in the values" in report["dv"].message


def test_a_function_that_picks_other_elements_is_another_one_also_where_rounding_moves_its_picks() -> None:
    """Nearest neighbours by corners, and by centres, which lie on an edge here: rounding may pick either of two."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    functions = {
        "torch": lambda x: torch.nn.functional.interpolate(x, size=(3,)),
        "jax": lambda x: jax.image.resize(x, (1, 1, 3), "nearest"),
    }
    report = compare(functions, drawn(1, 1, 4))
    assert "These are different functions, in float64 too" in report["out"].message


def test_complex_functions_are_compared() -> None:
    """The backward of exp multiplies by a conjugate, which PyTorch keeps as a bit of a view."""
    x = torch.randn(3, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    report = compare({"exp": torch.exp, "parts": lambda x: torch.exp(x.real) * torch.exp(1j * x.imag)}, x)
    assert report.ok, str(report)


def test_parameters_of_modules_are_compared_by_name_or_by_value() -> None:
    plain = torch.nn.Linear(3, 2)
    report = compare({"plain": plain, "wrapped": torch.nn.Sequential(plain)}, drawn(4, 3))
    assert [f.about for f in report] == ["out", "dinput", "dweight", "dbias"]
    assert report.ok


def test_other_shapes_are_wrong() -> None:
    report = compare({"sum": lambda x: x.sum(), "rows": lambda x: x.sum(0)}, drawn(3, 2))
    assert report["out"].verdict == "wrong"
    assert report["out"].message == "Its shape is () from sum, (2,) from rows"


def test_inputs_and_parameters_are_as_before() -> None:
    x, module = drawn(3, 2), torch.nn.Linear(2, 2)
    kept, state, weight = x.clone(), torch.get_rng_state(), module.weight
    compare({"plain": module, "dropout": lambda x: torch.nn.functional.dropout(module(x))}, x)
    assert torch.equal(x, kept)
    assert torch.equal(torch.get_rng_state(), state)
    assert module.weight is weight
    assert weight.grad is None


BAD = {
    "one function": ({"f": tanh}, "functions is with 1 functions"),
    "a list": ([tanh, tanh], "functions is a list"),
    "no function": ({"f": tanh, "g": 3}, "functions['g'] is an int"),
    "another framework": ({"f": tanh, "g": ("caffe", tanh)}, "functions['g'] is marked as of 'caffe'"),
}


@pytest.mark.parametrize(
    ("inputs", "dtype", "message"),
    [
        (np.ones(3, np.longdouble), None, "inputs is with an array of"),
        (np.ones(3), "float31", "dtype is 'float31'"),
        (np.ones(3), "bfloat16", "dtype is 'bfloat16'"),
    ],
)
def test_a_dtype_that_cannot_be_used_is_a_bad_call(inputs: Any, dtype: str | None, message: str) -> None:
    with pytest.raises(BadCall, match=message):
        compare({"torch": tanh, "numpy": np.tanh}, inputs, dtype=dtype)


@pytest.mark.parametrize("name", BAD)
def test_a_call_that_cannot_be_used_is_a_bad_call(name: str) -> None:
    functions, message = BAD[name]
    with pytest.raises(BadCall, match=message.replace("[", r"\[").replace("]", r"\]")):
        compare(functions, drawn(3))  # type: ignore[arg-type]


def test_the_assertion_raises_with_the_report() -> None:
    with pytest.raises(Disagreement, match="rule is wrong"):
        assert_compare({"plain": tanh, "rule": rule(2.0)}, drawn(3))


def test_the_report_is_a_report() -> None:
    assert isinstance(compare({"one": tanh, "other": tanh}, drawn(3)), Report)
