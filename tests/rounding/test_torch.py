"""Monte Carlo arithmetic inside PyTorch: the truth of any function, and what rounding alone can do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function
from gradwitness.rounding.arithmetic import Measured, Unstable
from gradwitness.rounding.framework import NotWatched
from gradwitness.verdict import Disagreement, judge_projection, judge_values

torch = pytest.importorskip("torch", reason="torch is not installed")
F = torch.nn.functional


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x.sigmoid()

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (x,) = ctx.saved_tensors
        s = x.sigmoid()
        return dout * (s + x * s * (1 - s))


def tensors(seed: int, dtype: Any, *shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [torch.tensor(rng.normal(size=shape)).to(dtype) for shape in shapes]


def gradients(function: Callable[..., Any], *more: Any) -> Callable[..., list[Any]]:
    """(inputs, dout) -> the value of a function and its gradients with respect to the inputs and to more tensors."""

    def run(inputs: Sequence[Any], dout: Any) -> list[Any]:
        leaves = [x.detach().requires_grad_() for x in inputs]
        out = function(*leaves)
        return [out, *torch.autograd.grad(out, [*leaves, *more], dout)]

    return run


def measure(function: Callable[..., Any], arguments: Sequence[Any], dtype: Any, **kwargs: Any) -> list[Measured]:
    from gradwitness.rounding.torch import measure

    return measure(function, arguments, dtype, **kwargs)


def units(results: Sequence[Any], measured: Sequence[Measured]) -> float:
    """The largest distance of the results from the truth, in units of the spread."""
    numbers = [result.detach().double().numpy() for result in results]
    return max(float(np.max(np.abs(a - m.truth) / m.spread)) for a, m in zip(numbers, measured, strict=True))


LABELS = torch.tensor([0, 2, 1])
FUNCTIONS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (8,), w, b), [(6, 8), (8,), (8,)]),
    "cross_entropy": (lambda x: F.cross_entropy(x, LABELS, reduction="none"), [(3, 5)]),
    "custom_function": (Swish.apply, [(4, 5)]),
    "matmul": (lambda a, b: a @ b, [(16, 64), (64, 8)]),
    "attention": (F.scaled_dot_product_attention, [(2, 7, 4)] * 3),
    "in_place": (lambda x: (2 * x).mul_(x).sub_(1).transpose_(0, 1), [(3, 4)]),
    "written_into": (lambda x: torch.zeros(2, 3, 4, dtype=x.dtype).index_put_((torch.tensor(1),), x.sin()), [(3, 4)]),
    "views": (lambda x: x.view(4, 3).t()[1:].unfold(1, 2, 1).square(), [(3, 4)]),
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_truth_is_the_function_in_float64_and_honest_results_lie_near_it(name: str, dtype: Any) -> None:
    function, shapes = FUNCTIONS[name]
    run, inputs = gradients(function), tensors(1, dtype, *shapes)
    (dout,) = tensors(2, dtype, tuple(function(*inputs).shape))
    measured = measure(run, (inputs, dout), dtype)
    wide = run([x.double() for x in inputs], dout.double())
    assert units(wide, measured) < (1e-6 if dtype != torch.float64 else 1)
    assert units(run(inputs, dout), measured) < 8
    unit = torch.finfo(dtype).eps / 2
    assert all(unit / 8 < np.sqrt((m.spread**2).mean() / (m.truth**2).mean()) < 32 * unit for m in measured)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_a_sigmoid_that_is_stored_before_it_is_taken_from_one(dtype: Any) -> None:
    gate = torch.linspace(5, 9, 200).to(dtype)
    x = torch.stack([torch.full_like(gate, 100), gate], -1)
    (dout,) = tensors(2, dtype, (200, 1))
    run = gradients(lambda x: F.glu(x, -1))
    assert units(run([x], dout), measure(run, ([x], dout), dtype)) < 8


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_module_runs_as_it_is_with_its_parameters(dtype: Any) -> None:
    lstm = torch.nn.LSTM(4, 5, batch_first=True).to(dtype)
    run = gradients(lambda x: lstm(x)[0], *lstm.parameters())
    x, dout = tensors(3, dtype, (2, 3, 4), (2, 3, 5))
    measured = measure(run, ([x], dout), dtype)
    assert len(measured) == 6
    assert units(run([x], dout), measured) < 8
    assert all(parameter.grad is None for parameter in lstm.parameters())


class TwiceTooLarge(Swish):
    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return 2 * Swish.backward(ctx, dout)


def test_the_spread_of_a_wrong_rule_does_not_hide_it() -> None:
    x, dout = tensors(4, torch.float32, (4, 5), (4, 5))
    measured = measure(gradients(Swish.apply), ([x], dout), torch.float32)
    assert units(gradients(TwiceTooLarge.apply)([x], dout), measured) > 1e5


class ThreePercentTooLarge(Swish):
    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return 1.03 * Swish.backward(ctx, dout)


def test_three_percent_in_bfloat16_are_seen_by_the_projection_where_every_element_allows_them() -> None:
    x, dout = tensors(4, torch.bfloat16, (40, 10), (40, 10))
    _, expected = measure(gradients(Swish.apply), ([x], dout), torch.bfloat16)
    honest, wrong = (gradients(f.apply)([x], dout)[1].double().numpy() for f in (Swish, ThreePercentTooLarge))
    for values in (honest, wrong):
        judge_values("dx", values, expected, torch.bfloat16)
    judge_projection("dx", honest, expected, torch.bfloat16)
    with pytest.raises(Disagreement, match=r"all elements together are 1\.029 times the truth"):
        judge_projection("dx", wrong, expected, torch.bfloat16)


def test_a_bfloat16_sum_accumulates_in_float32() -> None:
    (x,) = tensors(5, torch.bfloat16, (4096,))
    ((total,), (mean,)) = (measure(f, [x.abs()], torch.bfloat16) for f in (torch.sum, torch.mean))
    for m in (total, mean):
        assert 2**-10 < m.spread / m.truth < 2**-7  # in bfloat16 it would be off by 37 units


def test_a_function_that_computes_in_float32_is_as_exact_as_float32() -> None:
    """The difference of two squares cancels: in bfloat16 most digits are lost, in float32 few."""
    (x,) = tensors(6, torch.bfloat16, (50,))
    exact, *_ = measure(lambda x: ((x.float() + 8) ** 2 - (x.float() + 7) ** 2).to(x.dtype), [x], torch.bfloat16)
    lost, *_ = measure(lambda x: (x + 8) ** 2 - (x + 7) ** 2, [x], torch.bfloat16)
    assert exact.spread.max() < 2**-7 * np.abs(exact.truth).max()
    assert lost.spread.min() > 5 * exact.spread.max()


def test_the_function_sees_the_dtype_under_test() -> None:
    seen = []

    def function(x: Any) -> Any:
        seen.append((x.dtype, (x + 1).dtype, x.float().dtype, torch.zeros_like(x).dtype))
        return x

    measure(function, tensors(0, torch.float16, (2,)), torch.float16, samples=1)
    assert set(seen) == {(torch.float16, torch.float16, torch.float32, torch.float16)}


def test_what_only_moves_numbers_has_no_spread() -> None:
    def function(x: Any) -> list[Any]:
        largest = torch.linalg.vector_norm(x, torch.inf)
        return [x.relu(), torch.cat([x, -x]), x.max(), x[:, torch.tensor([0, 0])], x.clone().t().contiguous(), x.float(), largest]

    assert [m.spread.max() for m in measure(function, tensors(7, torch.bfloat16, (3, 4)), torch.bfloat16)] == [0.0] * 7


BOUNDED: dict[str, Callable[..., Any]] = {
    "clamp": lambda x: x.clamp(min=-0.3, max=0.1),
    "in place": lambda x: x.clone().clamp_(max=0.1),
    "full": lambda x: torch.maximum(x, torch.full_like(x, 0.1)),
    "a number of a wider dtype": lambda x: torch.maximum(x, torch.tensor(0.1)),
    "masked": lambda x: x.masked_fill(x < 0.2, 0.1),
    "padded": lambda x: F.pad(x, (1, 1), value=0.1),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", BOUNDED)
def test_a_bound_that_the_dtype_does_not_hold_is_rounded(name: str, dtype: Any) -> None:
    function = BOUNDED[name]
    x = torch.linspace(-1, 1, 9).to(dtype)
    (measured,) = measure(function, [x], dtype)
    got = function(x).double().numpy()
    assert (np.abs(got - measured.truth) <= 4 * measured.spread).all()
    assert measured.spread.max() < 0.3 * torch.finfo(dtype).eps


TAKEN_OFF = {
    "number": lambda x: x - 2.3,
    "number before": lambda x: 2.3 - x,
    "tensor without axes": lambda x: x - torch.tensor(2.3, dtype=torch.float64),
    "power": lambda x: x**2.3 - 6.5,
}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", TAKEN_OFF)
def test_a_number_that_is_taken_off_is_rounded_to_the_dtype_for_all_elements_alike(name: str, dtype: Any) -> None:
    function = TAKEN_OFF[name]
    x = torch.full((3,), 2.2527).to(dtype)
    (measured,) = measure(function, [x], dtype)
    got = function(x).double().numpy()
    assert (np.abs(got - measured.truth) <= 4 * measured.spread).all()
    assert check_function(function, (x,)).verdict == "right"


def test_a_number_that_is_compared_with_is_rounded() -> None:
    x = torch.tensor([0.1, 0.2, 0.3]).bfloat16()  # 0.2002 of bfloat16 is larger than 0.2, and no larger than 0.2 of bfloat16
    (measured,) = measure(lambda x: torch.where(x > 0.2, x, 2 * x), [x], torch.bfloat16)
    assert measured.spread[1] > 0.05


def test_the_backward_of_a_running_product_is_watched() -> None:
    """Its tensors are of a subclass, for which PyTorch gathers at -1."""
    (x,) = tensors(3, torch.float32, (3, 4))
    run = gradients(lambda x: x.cumprod(-1))
    (dout,) = tensors(4, torch.float32, (3, 4))
    assert units(run([x], dout), measure(run, ([x], dout), torch.float32)) < 8


def test_values_that_are_added_by_index_are_a_sum_in_the_order_of_the_index() -> None:
    index = torch.tensor([0] * 300 + [1])

    def function(x: Any) -> Any:
        return torch.zeros(3, dtype=x.dtype).index_add_(0, index, x)

    (measured,) = measure(function, [torch.full((301,), 0.75)], torch.float32)
    assert measured.truth.tolist() == [225, 0.75, 0]
    assert measured.spread[0] / 225 > 4 * 2**-24  # ten units at most, and one in the other


def test_whole_numbers_that_are_added_by_index_stay_whole() -> None:
    index = torch.tensor([0] * 300 + [1])
    (measured,) = measure(lambda x: torch.zeros(3, dtype=x.dtype).index_add_(0, index, x), [torch.ones(301)], torch.float32)
    assert measured.truth.tolist() == [300, 1, 0]
    assert not measured.spread.any()


def test_products_by_index_with_a_zero_are_as_sure_as_others() -> None:
    """PyTorch counts the zeros in each product, in floats, and compares the count with 1."""

    def gradient(x: Any) -> Any:
        product = torch.ones(3, dtype=x.dtype).scatter_reduce(0, torch.tensor([0, 0, 1, 2, 1]), x, "prod")
        return torch.autograd.grad(product.sum(), x)[0]

    (measured,) = measure(gradient, [torch.tensor([0.0, 2.1, 3.0, 0.0, -1.3], requires_grad=True)], torch.float32)
    assert measured.spread.max() < 2**-20


def test_an_underflow_in_float16_is_rounding() -> None:
    (measured,) = measure(lambda x: x * 1e-7, [torch.full((100,), 0.5, dtype=torch.float16)], torch.float16)
    assert measured.spread.min() > 1e-8  # numbers of 5e-8 stand 6e-8 apart


def test_a_mask_is_the_same_in_every_run() -> None:
    def function(x: Any) -> Any:
        return F.dropout(x, 0.5)

    x = torch.ones(64)
    torch.manual_seed(0)
    (measured,) = measure(function, [x], torch.float32)
    assert (measured.truth == function(x).numpy()).all()
    assert measured.spread.max() < 2**-22


def test_nothing_of_the_caller_changes() -> None:
    norm, x, seen = torch.nn.BatchNorm1d(3), torch.ones(4, 3, requires_grad=True), torch.zeros(2)
    norm.running_mean.fill_(7)

    def function(x: Any) -> Any:
        seen.add_(1)
        y = norm(x) + torch.rand(3)
        return y, torch.autograd.grad(y.sum(), [x, *norm.parameters()])

    before = torch.get_rng_state(), torch._C._get_mkldnn_enabled(), torch.is_grad_enabled()
    measure(function, [x], torch.float32, samples=2)
    after = torch.get_rng_state(), torch._C._get_mkldnn_enabled(), torch.is_grad_enabled()
    assert (before[0] == after[0]).all()
    assert before[1:] == after[1:]
    assert (norm.running_mean.tolist(), norm.num_batches_tracked.item(), seen.tolist()) == ([7, 7, 7], 0, [0, 0])
    assert (x.grad, norm.weight.grad) == (None, None)


def test_a_running_mean_is_updated_in_its_shadow() -> None:
    norm = torch.nn.BatchNorm1d(1, momentum=0.5, affine=False)

    def function(x: Any) -> Any:
        norm(x)
        return norm.running_mean + 0

    (measured,) = measure(function, [torch.tensor([[2.0], [4.0]])], torch.float32)
    assert measured.truth.tolist() == [1.5]


def test_one_seed_gives_one_spread() -> None:
    x = tensors(8, torch.float32, (5,))
    first, again, other = (measure(torch.exp, x, torch.float32, seed=seed)[0].spread for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_a_compiled_function_is_watched_as_its_source() -> None:
    import torch._dynamo  # what torch.compile loads

    calls = []

    def source(x: Any) -> Any:
        calls.append(x)
        return x.sin()

    (x,) = tensors(9, torch.float32, (5,))
    (plain,) = measure(torch.sin, [x], torch.float32)
    (compiled,) = measure(torch.compile(source), [x], torch.float32)
    assert compiled.spread.tolist() == plain.spread.tolist()
    assert len(calls) == 17


@pytest.mark.parametrize(
    "function",
    [lambda x: torch.tensor(np.exp(x.detach().numpy())), lambda x: x.view(torch.int32).view(torch.float32)],
    ids=["numpy", "bits"],
)
def test_code_that_leaves_pytorch_is_not_watched(function: Callable[..., Any]) -> None:
    with pytest.raises(NotWatched):
        measure(function, tensors(0, torch.float32, (2,)), torch.float32)


def test_a_point_where_rounding_makes_nan_has_no_spread() -> None:
    with pytest.raises(Unstable):
        measure(lambda x: torch.sqrt(x + 8192 - 8192), [torch.full((64,), 1e-4)], torch.float32)


def test_values_may_be_asked_for_as_a_list() -> None:
    """As solvers do that choose their steps."""
    (x,) = tensors(0, torch.float32, (3,))
    (found,) = measure(lambda x: x * max(x.tolist()), (x,), "float32")
    assert (found.truth == (x.double() * x.double().max()).numpy()).all()
