"""Functions as users report them: what is said of each is true and to the point."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gradwitness import check_function, compare

pytestmark = pytest.mark.explained

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def normal(*shape: int) -> Any:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


class OfRowsOnly(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
    """Layer norm whose backward takes the first axis for all rows, however many axes there are."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any, shape: tuple[int, ...]) -> Any:
        rows = x.reshape(-1, math.prod(shape))
        mean = rows.mean(1, keepdim=True)
        inverse = torch.rsqrt(rows.var(1, keepdim=True, unbiased=False) + 1e-5)
        ctx.save_for_backward(x, weight, mean, inverse)
        return ((rows - mean) * inverse * weight + bias).reshape(x.shape)

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        x, weight, mean, inverse = ctx.saved_tensors
        count = x.shape[0]
        rows, dout = x.reshape(count, -1), dout.reshape(count, -1)
        normed = (rows - mean[:count]) * inverse[:count]
        scaled = dout * weight.repeat(rows.shape[1] // len(weight))
        dx = inverse[:count] * (scaled - scaled.mean(1, keepdim=True) - normed * (scaled * normed).mean(1, keepdim=True))
        return dx.reshape(x.shape), (dout * normed).sum(0)[: len(weight)], dout.sum(0)[: len(weight)], None


def test_an_element_that_several_directions_find_is_counted_once() -> None:
    report = check_function(OfRowsOnly.apply, (normal(2, 3, 5), normal(5), normal(5), (5,)))
    wrong = {finding.about: (finding.wrong, finding.of) for finding in report if finding.verdict == "wrong"}
    assert wrong == {"dx": (30, 30), "dweight": (5, 5), "dbias": (5, 5)}


def test_one_of_the_functions_may_be_called_reference(tmp_path: Any) -> None:
    """It is one of them, and no more right than the others."""
    report = compare({"reference": lambda x: torch.tanh(x), "kernel": lambda x: torch.tanh(x) + 1}, normal(4))
    assert report["out"].message.startswith("They differ: reference")
    report.reproducer(tmp_path / "script.py")
    assert compare({"reference": lambda x: torch.tanh(x), "kernel": lambda x: torch.tanh(x)}, normal(4)).ok


def straight_through(logits: Any) -> Any:
    shares = logits.softmax(-1)
    return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(shares.dtype) + shares - shares.detach()


def chosen(logits: Any, table: Any) -> Any:
    which = logits.argmax(-1)
    return table[which] * straight_through(logits).gather(-1, which[:, None])


def multiplied(logits: Any, table: Any) -> Any:
    return straight_through(logits) @ table


def test_lines_of_source_are_lines_of_their_own_where_two_functions_are_to_blame() -> None:
    finding = compare({"chosen": chosen, "multiplied": multiplied}, (normal(4, 5), normal(5, 3)))["dlogits"]
    assert finding.message.startswith("chosen and multiplied are wrong")
    assert {"chosen", "multiplied"} <= {line.partition(": ")[0] for line in finding.message.splitlines()}
    assert "times as much" not in finding.explanation
    changed = [line for line in finding.message.splitlines() if line.startswith(("- ", "+ "))]
    assert changed
    assert not any(line.endswith(".") or ". " in line for line in changed)


def losses(acts: Any, labels: Any) -> tuple[Any, Any]:
    """Of each row of a batch, and their gradients."""
    gradients = acts.softmax(-1).scatter_add(-1, labels[..., None], -torch.ones_like(acts[..., :1]))
    return -acts.log_softmax(-1).gather(-1, labels[..., None]).sum((1, 2, 3)), gradients


class OverTheLastAxis(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
    """The losses of a batch, whose cotangent broadcasts over the last axis; and backward overwrites what it keeps."""

    @staticmethod
    def forward(ctx: Any, acts: Any, labels: Any) -> Any:
        out, ctx.gradients = losses(acts, labels)
        return out

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return ctx.gradients.mul_(dout), None


def test_a_cotangent_that_broadcasts_over_another_axis() -> None:
    """The second backward is wrong as well; other strides of the cotangent are not."""
    labels = torch.arange(24).reshape(4, 3, 2) % 4
    report = check_function(OverTheLastAxis.apply, (normal(4, 3, 2, 4), labels))
    assert "it varies along axis 3, where axis 0 is right" in report["dacts"].explanation
    wrong = {finding.about for finding in report if finding.verdict == "wrong"}
    assert wrong == {"dacts", "dacts, second backward"}


class ConstantGradient(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x.square().sum(1)

    @staticmethod
    def backward(ctx: Any, _: Any) -> Any:
        return 2 * ctx.saved_tensors[0]


def test_a_cotangent_of_which_nothing_is_used() -> None:
    report = check_function(ConstantGradient.apply, normal(3, 4))
    assert "it does not use it" in report["dout"].message
    assert "alone: the other elements" not in report["dx"].explanation


CODE = "lambda dout, count: torch.cat([dout.reshape(1), torch.zeros(count - 1, dtype=dout.dtype)])"
READ = eval(CODE, {"torch": torch})  # noqa: S307 - a kernel that reads memory, without a source that could be edited


class OnlyTheFirst(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
    """A kernel that reads a cotangent of one number as if there were one for each element; behind it lie zeros."""

    @staticmethod
    def forward(ctx: Any, guess: Any, target: Any) -> Any:
        ctx.save_for_backward(guess, target)
        return (guess - target).square().mean()

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        guess, target = ctx.saved_tensors
        gradient = 2 / guess.numel() * (guess - target) * READ(dout, guess.numel())
        return gradient, -gradient


def test_where_few_elements_are_wrong_their_place_comes_before_a_bound_that_nobody_names() -> None:
    report = check_function(OnlyTheFirst.apply, (torch.tensor([1.5, 0.3, -0.4, 0.6]), torch.tensor([0.2, 0.7, 0.1, -0.3])))
    for name in ("dguess", "dtarget"):
        assert report[name].explanation.lower().startswith("at all but the first element"), report[name].explanation


class Quantized(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
    """A straight-through estimator within a range."""

    @staticmethod
    def forward(ctx: Any, x: Any, bound: Any) -> Any:
        ctx.save_for_backward(x, bound)
        return torch.round(torch.clamp(x, 0, bound.item()) * 4) / 4

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        x, bound = ctx.saved_tensors
        inside = ~((x < 0) | (x > bound))
        return dout * inside.float(), None


def test_zero_is_no_softmax() -> None:
    """One element of each row is wrong. p * (d - (p * d).sum()) is zero there, and no repair."""
    x = torch.tensor([[0.6, -1.0, 3.0], [-2.0, 1.1, 2.5], [5.0, -0.3, 0.9]])
    finding = check_function(Quantized.apply, (x, torch.tensor(2.0)))["dx"]
    assert finding.wrong == 3
    assert finding.explanation.startswith("Zero is right")
    assert "softmax" not in finding.explanation


class Checkpoint(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
    """A checkpoint that runs a block again in backward, without the state that random generators had in forward."""

    @staticmethod
    def forward(ctx: Any, run: Any, x: Any) -> Any:
        ctx.run, ctx.x = run, x
        with torch.no_grad():
            return run(x)

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        x = ctx.x.detach().requires_grad_()
        with torch.enable_grad():
            out = ctx.run(x)
        del ctx.x
        return None, *torch.autograd.grad(out, x, dout)


class Dropped:
    """A block that is checkpointed, or is not."""

    def __init__(self, share: float, own: bool) -> None:
        self.share, self.own = share, own

    def block(self, x: Any) -> Any:
        return torch.nn.functional.dropout(torch.tanh(x), self.share) * 2

    def __call__(self, x: Any) -> Any:
        if self.own:
            return Checkpoint.apply(self.block, x)
        return self.block(x)


def test_random_numbers_of_a_backward_that_works_once_are_its_own() -> None:
    report = check_function(Dropped(0.5, own=True), normal(3, 4))
    assert report["dx"].verdict == "wrong"
    assert "log(" not in report["dx"].explanation, "what an `if` asks is no array"
    assert report["dx, random numbers"].message.endswith("the state that it had there")
    assert check_function(Dropped(0.5, own=False), normal(3, 4)).ok
    assert check_function(Dropped(0.0, own=True), normal(3, 4)).ok


def test_random_numbers_in_the_order_of_memory_are_no_fault_of_strides() -> None:
    class Redrawn(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:  # noqa: ARG004  PyTorch hands it over
            return x * (torch.rand_like(x) > 0.5)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:  # noqa: ARG004  likewise
            return dout * (torch.rand_like(dout) > 0.5)

    report = check_function(Redrawn.apply, normal(4, 5))
    assert "dx, random numbers" in {finding.about for finding in report}
    assert "dx, strides of dout" not in {finding.about for finding in report}, report


def test_a_gradient_penalty_needs_a_gradient_of_its_input() -> None:
    def penalty(x: Any, weight: Any) -> Any:
        (slope,) = torch.autograd.grad(torch.tanh(x @ weight).sum(), x, create_graph=True)
        return (slope.norm(dim=-1) - 1).square().mean()

    report = check_function(penalty, (normal(3, 4), normal(4, 2)))
    assert report.ok, report


@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (2, "wrong")])
def test_hooks_of_a_parameter_are_part_of_its_gradient(factor: int, verdict: str) -> None:
    layer = torch.nn.Linear(4, 3)
    layer.weight.register_hook(lambda gradient: factor * gradient)
    report = check_function(layer, normal(2, 4))
    assert report["dweight"].verdict == verdict
    assert report["dbias"].verdict == "right"


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_parameters_of_a_module_of_torchscript_are_moved() -> None:
    """They lie in C++. Where nobody moved them, their gradients were zero as well, and that was right."""
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    scripted = torch.jit.script(network)
    before = {name: value.clone() for name, value in scripted.state_dict().items()}
    report = check_function(scripted, normal(5, 3))
    assert report.ok
    assert report["d0.weight"].sight < 1e-6
    assert all(torch.equal(before[name], value) for name, value in scripted.state_dict().items())
    assert compare({"eager": network, "scripted": scripted}, normal(5, 3)).ok


def test_inputs_of_an_operator_of_torch_library_have_the_names_of_its_schema() -> None:
    library = torch.library.Library("gradwitness_reported", "DEF")
    library.define("scaled(Tensor x, float factor) -> Tensor")
    library.impl("scaled", lambda x, factor: x * factor, "CompositeImplicitAutograd")
    report = check_function(torch.ops.gradwitness_reported.scaled, (normal(3), 2.0))
    assert report.ok
    assert str(report).startswith("gradwitness_reported::scaled, PyTorch: right")
    assert [finding.about for finding in report][:1] == ["dx"]


def test_a_base_may_separate_the_context_from_forward() -> None:
    class Cube(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
        @staticmethod
        def forward(x: Any) -> Any:
            return x**3

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:  # noqa: ARG004  PyTorch hands it over
            ctx.save_for_backward(*inputs)

    class Derived(Cube):
        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return 3 * ctx.saved_tensors[0] ** 2 * dout

    assert [finding.about for finding in check_function(Derived.apply, normal(3))][:1] == ["dx"]


def test_what_is_held_constant_is_looked_for_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each call takes long, there is time for few edits."""
    monkeypatch.setattr("gradwitness.diagnosis.edits.search.MOST", 1)

    def recurrent(x: Any, weight: Any) -> Any:
        hidden = torch.tanh(x)
        for _ in range(2):
            hidden = torch.tanh(hidden.detach() @ weight + x)
        return hidden

    report = check_function(recurrent, (normal(3, 4), normal(4, 4)))
    for name in ("dx", "dweight"):
        assert (
            "a part of the gradient is left out here" in report[name].explanation or "the same edit" in report[name].explanation
        )


class Rounded(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
    """A straight-through estimator whose mask has bounds with signs."""

    @staticmethod
    def forward(ctx: Any, x: Any, bound: int) -> Any:
        ctx.save_for_backward(x)
        ctx.bound = bound
        return torch.clamp(torch.round(x), -bound, bound)

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (x,) = ctx.saved_tensors
        inside = (x >= -ctx.bound) & (x <= ctx.bound)
        return dout * inside, None


def test_an_edit_that_makes_all_of_a_gradient_zero_is_no_repair() -> None:
    """Another sign of a bound lets nothing through. That was told as the mistake."""
    finding = check_function(Rounded.apply, (normal(3, 4), 2))["dx"]
    assert finding.explanation.startswith("Zero is right")
    assert "This agrees" not in finding.message
