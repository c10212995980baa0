"""`report.reproducer`: the script runs where there is the framework and NumPy alone, and prints the disagreement."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradwitness import Report, check_function, compare
from gradwitness.reproducing import multiprecision
from gradwitness.reproducing.source import source_of

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from tests.functions import rules  # noqa: E402  it imports PyTorch

FACTOR = 2.0
x = "a global of the same name as an argument"


class Rows(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
    """x times weight, summed; the gradient of x is too large by a factor that is a global."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any) -> Any:
        ctx.save_for_backward(x, weight)
        return (x * weight).sum(-1)

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        x, weight = ctx.saved_tensors
        return FACTOR * dout[:, None] * weight.expand_as(x), (dout[:, None] * x).sum(0)


def halved(x: Any) -> Any:
    return x / 2


def loss(x: Any, labels: Any, *, scale: float = 1.0) -> Any:
    return scale * torch.nn.functional.nll_loss(halved(x), labels) + Rows.apply(x, x[0]).sum()


def overflowing(x: Any, bias: Any) -> Any:
    e = torch.exp(x + bias)
    return {"total": x.sum(), "out": e / e.sum(-1, keepdim=True)}


def drawn(*shape: int, dtype: Any = torch.float64) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)


def of_gradient() -> Report:
    return check_function(loss, (drawn(4, 5), torch.tensor([0, 4, 2, 1])), kwargs={"scale": 0.5})


def of_dtype() -> Report:
    return check_function(overflowing, (drawn(4, 5, dtype=torch.float32) * 30 + 80, torch.zeros(5)))


def of_compare() -> Report:
    gelu = torch.nn.functional.gelu
    return compare({"erf": gelu, "tanh": functools.partial(gelu, approximate="tanh")}, drawn(4, 5))


def of_lambdas() -> Report:
    return compare({"sine": lambda x: torch.sin(x), "other": lambda x: FACTOR * torch.sin(x)}, drawn(3))


def of_module() -> Report:
    """Overflows on its way, whichever kernel sums."""
    layers = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False))
    with torch.no_grad():
        layers[0].weight.fill_(2.0)
        layers[1].weight.fill_(0.5)
    return check_function(layers, torch.full((4, 1), 3e38))


def of_rule(name: str) -> Callable[[], Report]:
    """A rule with a fault that values do not show."""
    return lambda: check_function(getattr(rules, name)(True), drawn(3, 4))


class Squared(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
    """x^2, and its right gradient."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * dout


class OfZero(Squared):
    """A cotangent of zeros gives ones."""

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * dout if dout.any() else torch.ones_like(x)


class Nothing(Squared):
    """No gradient."""

    @staticmethod
    def backward(*_: Any) -> Any:
        return None


class WrongTangent(Squared):
    """Forward mode is 10% off."""

    @staticmethod
    def jvp(ctx: Any, tangent: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2.2 * x * tangent


class Product(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
    """x y, whose gradients are twice as large where one input alone needs one."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        x, y = ctx.saved_tensors
        factor = 1 if all(ctx.needs_input_grad) else 2
        return factor * dout * y, factor * dout * x


class Slope(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
    """3 x^2 dout, whose own gradient is 10% off."""

    @staticmethod
    def forward(ctx: Any, x: Any, dout: Any) -> Any:
        ctx.save_for_backward(x, dout)
        return 3 * x * x * dout

    @staticmethod
    def backward(ctx: Any, further: Any) -> Any:
        x, dout = ctx.saved_tensors
        return 6.6 * x * dout * further, 3 * x * x * further


class Cube(Squared):
    """x^3, right to first order."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return Slope.apply(*ctx.saved_tensors, dout)


class Mapped(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
    """x^2; vmap has a rule of its own, which is wrong."""

    @staticmethod
    def forward(x: Any) -> Any:
        return x * x

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:  # noqa: ARG004  PyTorch names them
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * dout

    @staticmethod
    def vmap(info: Any, dims: Any, x: Any) -> Any:  # noqa: ARG004  PyTorch hands it over
        return Mapped.apply(1.1 * x), dims[0]


class Kernel(Squared):
    """A kernel for bfloat16 alone, 20% off."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        if x.dtype != torch.bfloat16:
            raise TypeError("this kernel is for bfloat16")
        ctx.save_for_backward(x)
        return 1.2 * x * x


class Block(torch.nn.Module):  # type: ignore[misc]  # torch has no types for it
    """A linear layer, a normalisation with buffers, and a rule."""

    def __init__(self, factor: float, rule: bool) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).double().eval()
        self.factor, self.rule = factor, rule

    def forward(self, x: Any) -> Any:
        out = self.factor * self.layers(x)
        return FactorOfTwo.apply(out) if self.rule else out


class FactorOfTwo(Squared):
    """A gradient that is too large by a factor of 2."""

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (x,) = ctx.saved_tensors
        return FACTOR * 2 * x * dout


def of(function: Any, **options: Any) -> Callable[[], Report]:
    return lambda: check_function(function, drawn(3, 4), **options)


of_zero, of_none = of(OfZero.apply), of(Nothing.apply)
of_second, of_forward_mode, of_vmap = of(Cube.apply, order=2), of(WrongTangent.apply, order=2), of(Mapped.apply, order=2)


def only(rule: str, about: str) -> Callable[[], Report]:
    """A rule's report with the findings about one thing alone: that is what is to be shown."""

    def made() -> Report:
        report = of_rule(rule)()
        return replace(report, findings=tuple(finding for finding in report.findings if about in finding.about))

    return made


def of_two() -> Report:
    return check_function(Product.apply, (drawn(3, 4), drawn(3, 4)))


def of_outputs() -> Report:
    return check_function(rules.expects_both(True), drawn(3, 4))


def of_kernel() -> Report:
    return check_function(Kernel.apply, drawn(3, 4, dtype=torch.bfloat16), reference=lambda x: x * x)


def of_shapes() -> Report:
    return compare({"one": lambda x: x + 0, "other": lambda x: x.T + 0}, drawn(4, 3))


def of_modules() -> Report:
    torch.manual_seed(0)
    plain, scaled = Block(1.0, False), Block(1.5, False)
    scaled.load_state_dict(plain.state_dict())
    return compare({"plain": plain, "scaled": scaled}, drawn(4, 3))


def of_class() -> Report:
    torch.manual_seed(0)
    return check_function(Block(1.0, True), drawn(4, 3))


class Flat(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
    """A backward that takes one layout of its cotangent alone."""

    @staticmethod
    def forward(_: Any, x: Any) -> Any:
        return 2 * x

    @staticmethod
    def backward(_: Any, dout: Any) -> Any:
        return 2 * dout.view(-1).view(dout.shape)


class Buffered(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
    """Each call writes into the same memory, and saves it."""

    memory: Any = None

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        Buffered.memory = torch.empty_like(x) if Buffered.memory is None else Buffered.memory
        ctx.save_for_backward(torch.exp(x, out=Buffered.memory.resize_(x.shape)))
        return Buffered.memory.clone()

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return dout * ctx.saved_tensors[0]


of_refused, of_buffer = of(Flat.apply), of(Buffered.apply)


SHOWN: dict[str, tuple[Callable[[], Report], str, str]] = {
    "gradient": (of_gradient, "dx by automatic differentiation: [[2.75]]", "dx, the truth: [[1.74999"),
    "dtype": (of_dtype, "out by float32: [[1.0], [1.0], [nan]]", "out, the truth: [[1.0], [1.0], [1.0]]"),
    "compare": (of_compare, "out by erf in float64: [[0.8413", "out by tanh in float64: [[0.8411"),
    "module": (of_module, "out by float32: [[inf]]", "out, the truth: [[3.00000000"),
    "strides": (of_rule("reads_memory"), "contiguous: {'dx': [[", "sliced: {'dx': [["),
    "overwritten": (of_rule("overwrites"), "x before: [[1.0]] after: [[2.0]]", "x before"),
    "second backward": (only("consumes", "second backward"), "dx, the first backward: [[0.3", "dx, a second backward: [[0.03"),
    "call in between": (of_rule("remembers"), "dx, the first backward: [[0.0540", "dx, with a call in between: [[-0.0416"),
    "kept": (of_rule("reuses"), "gradients as they came: [[[", "the same tensors after another call: [[["),
    "strides that are refused": (of_refused, "contiguous: {'dx': [[", "transposed: RuntimeError: view size"),
    "a buffer of forward": (of_buffer, "after a call in between backward fails: RuntimeError one of", "modified by an inplace"),
    "needs one": (of_two, "dx, all inputs need one: [[0.1]]", "dx, x alone needs a gradient: [[0.2]]"),
    "one output": (of_outputs, "backward fails: TypeError", "unsupported operand type"),
    "zero cotangent": (of_zero, "dx, what it should be: [[0.0]]", "dx, of 0 dout: [[1.0]]"),
    "linear": (only("clips", "linear"), "dx, of dout", "dx, of -2 dout, divided by -2"),
    "order 2": (of_second, "dx by the derivative of the gradient: [[0.066]]", "dx, the truth: [[0.0599"),
    "forward mode": (of_forward_mode, "dx, backward: 0.06", "dx, forward mode: 0.066"),
    "vmap": (of_vmap, "out, row by row: [[[1.0]], [[1.26", "out, vmap: [[[1.21"),
    "no gradient": (of_none, "dx by automatic differentiation: [[0.0]]", "dx, the truth: [[1.9999"),
    "narrow alone": (of_kernel, "out by bfloat16: [[1.203125]]", "out, the truth: [[1.0]]"),
    "shapes": (of_shapes, "out by one: [[1.0, 1.0]]", "out by other: [[1.0], [1.0]]"),
    "two modules": (of_modules, "out by plain: [[", "out by scaled: [["),
    "a class of the user's": (of_class, "dx by automatic differentiation: [[", "dx, the truth: [["),
    "lambdas": (of_lambdas, "out by sine: [0.8414", "out by other: [1.6829"),
}
RUNNER = """
import contextlib, io, json, runpy, sys
printed = {}
for path in sys.argv[1:]:
    status = None
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            runpy.run_path(path)
        except SystemExit as end:
            status = end.code
    printed[path] = f"{out.getvalue()}exit status {status}"
assert not {"gradwitness", "reference", "tests"} & sys.modules.keys()
print(json.dumps(printed))
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each script prints, in a process that has PyTorch and NumPy; one process, for importing them takes seconds."""
    import json

    folder = tmp_path_factory.mktemp("scripts")
    paths = {name: folder / f"{name}.py" for name in SHOWN}
    for name, path in paths.items():
        SHOWN[name][0]().reproducer(path)
    command = [sys.executable, "-c", RUNNER, *map(str, paths.values())]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={"PATH": ""})
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return {name: found[str(path)] for name, path in paths.items()}


@pytest.mark.parametrize("name", SHOWN)
def test_the_script_shows_both_results_on_the_smallest_input(name: str, printed: dict[str, str]) -> None:
    for line in (*SHOWN[name][1:], "exit status 1"):
        assert line in printed[name], printed[name]


def test_the_script_says_why_and_what_it_needs(tmp_path: Path) -> None:
    of_gradient().reproducer(tmp_path / "script.py")
    text = (tmp_path / "script.py").read_text()
    assert text.startswith('"""dx: wrong.\n')
    assert "Central differences of its values in float64 say so" in text
    assert "This script needs PyTorch and NumPy alone." in text
    assert "labels = np.array([0], dtype='int64')" in text
    assert "def halved" in text


def test_code_without_source_is_imported_where_to_paste_it_is_said() -> None:
    scope: dict[str, Any] = {}
    exec("def made(x):\n    return x", scope)  # noqa: S102  a function without a source file
    source = source_of(scope["made"], "torch")
    assert source.pasted
    assert source.text.startswith("# Paste the source of made here")


class Scaled:
    """A function with state."""

    def apply(self, x: Any) -> Any:
        return FACTOR * x


def test_a_method_of_an_object_is_imported_as_what_it_is_called() -> None:
    source = source_of(Scaled().apply, "torch")
    assert source.text == "# Paste the source of Scaled.apply here, in place of this import.\nfrom your_module import function\n"


class Doubled(Squared):
    """The identity, whose gradient is too large by a factor of 2."""

    @staticmethod
    def forward(_: Any, x: Any) -> Any:
        return x.clone()

    @staticmethod
    def backward(_: Any, dout: Any) -> Any:
        return 2 * dout


HOOKS: dict[str, tuple[str, Callable[..., Any]]] = {
    "0 (Linear) has a forward hook": ("register_forward_hook", lambda _, __, out: Doubled.apply(out)),
    "0 (Linear) has a hook before its forward": ("register_forward_pre_hook", lambda _, inputs: (Doubled.apply(*inputs),)),
    "0 (Linear) has a backward hook": ("register_full_backward_hook", lambda _, dins, __: tuple(2 * din for din in dins)),
    "0 (Linear) has a hook before its backward": ("register_full_backward_pre_hook", lambda _, douts: (2 * douts[0],)),
}


@pytest.mark.parametrize("said", HOOKS)
def test_a_module_whose_hook_makes_the_fault_is_refused_and_the_hook_is_named(tmp_path: Path, said: str) -> None:
    layers = torch.nn.Sequential(torch.nn.Linear(4, 2)).double()
    register, hook = HOOKS[said]
    getattr(layers[0], register)(hook)
    with pytest.raises(ValueError, match=re.escape(said)):
        check_function(layers, drawn(3, 4)).reproducer(tmp_path / "script.py")


def test_a_lambda_that_was_handed_over_is_written_without_the_call_that_it_stands_in() -> None:
    def scaled(by: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def function(x: Any) -> Any:
            return by(x) + 1

        return function

    def made() -> Callable[[Any], Any]:
        return scaled(lambda x: FACTOR * x)

    text = source_of(made(), "torch").text
    scope: dict[str, Any] = {}
    exec(text, scope)  # noqa: S102  the script's own code
    assert "by = lambda x: FACTOR * x\n" in text
    assert scope["function"](3.0) == 7.0


def test_of_an_object_it_is_said_what_to_paste() -> None:
    class Scaled:
        def __call__(self, x: Any) -> Any:
            return 2 * x

    source = source_of(Scaled(), "torch")
    assert source.text.startswith(
        "# Paste the source of function here, an object of the class Scaled, in place of this import.\n"
    )
    assert source.name == "function"


def test_of_a_rule_with_decorated_parts_the_base_is_written() -> None:
    class Product(torch.autograd.Function):
        @staticmethod
        @torch.amp.custom_fwd(device_type="cpu")
        def forward(ctx: Any, x: Any, weight: Any) -> Any:
            ctx.save_for_backward(x, weight)
            return x @ weight

    class Doubled(Product):
        @staticmethod
        @torch.amp.custom_bwd(device_type="cpu")
        def backward(ctx: Any, dout: Any) -> Any:
            x, weight = ctx.saved_tensors
            return dout @ weight.mT, 2 * x.mT @ dout

    assert list(source_of(Doubled.apply, "torch").definitions) == ["Product", "Doubled"]


@pytest.mark.parametrize(("name", "order", "digits"), [("tanh", 0, "0.46211715726000975850231"), ("erf", 1, "0.878782578935")])
def test_mpmath_gives_the_exact_value(name: str, order: int, digits: str) -> None:
    pytest.importorskip("mpmath", reason="mpmath is not installed")
    function = getattr(torch, name)
    assert multiprecision.exact(function, 0.5, order).startswith(digits)


def test_the_exact_value_stands_in_the_script(tmp_path: Path) -> None:
    pytest.importorskip("mpmath", reason="mpmath is not installed")
    compare({"tanh": torch.tanh, "other": lambda x: 1.01 * torch.tanh(x)}, drawn(3)).reproducer(tmp_path / "script.py")
    assert "mpmath, 50 digits: the function at 1.0 is 0.76159415595576488" in (tmp_path / "script.py").read_text()


def test_a_report_without_a_fault_has_no_script(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing is wrong"):
        compare({"one": torch.sin, "other": torch.sin}, drawn(3)).reproducer(tmp_path / "script.py")


def test_of_jax_a_rule_for_forward_mode_is_written_with_the_function(tmp_path: Path) -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    scale = jax.numpy.asarray([2.0, 3.0], "float32")

    @jax.custom_jvp
    def squared(x: Any) -> Any:
        return x * x

    @squared.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        return squared(*primals), primals[0] * tangents[0]

    check_function(lambda x: squared(x) * scale, jax.numpy.asarray([0.5, 1.5])).reproducer(tmp_path / "script.py")
    text = (tmp_path / "script.py").read_text()
    assert "scale = jnp.asarray([2.0, 3.0], 'float64')" in text
    assert "@squared.defjvp" in text


def test_of_jax_a_rule_is_written_with_its_parts() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")

    @jax.custom_vjp
    def tanh(x: Any) -> Any:
        return jax.numpy.tanh(x)

    def forward(x: Any) -> Any:
        return tanh(x), x

    tanh.defvjp(forward, lambda x, dout: (-dout * (1 - jax.numpy.tanh(x) ** 2),))
    source = source_of(tanh, "jax")
    assert not source.pasted
    namespace: dict[str, Any] = {"Any": Any}
    exec("\n".join([*source.imports, *source.definitions.values()]), namespace)  # noqa: S102  what a script does
    assert float(jax.grad(namespace["tanh"])(np.float32(0.5))) < 0


JAX_SCRIPT = """
import jax, jax.numpy as jnp
from gradwitness import compare
compare({"sine": jnp.sin, "other": lambda x: 1.1 * jnp.sin(x)}, jnp.ones(2)).reproducer("script.py")
assert not jax.config.jax_enable_x64
"""


def test_writing_a_script_of_jax_leaves_the_process_as_it_was(tmp_path: Path) -> None:
    """In a process of its own: this one is set up for the matrix."""
    pytest.importorskip("jax", reason="JAX is not installed")
    path = tmp_path / "user.py"
    path.write_text(JAX_SCRIPT)
    root = str(Path(__file__).parents[2])
    command = [sys.executable, str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env={"PYTHONPATH": root})
    assert done.returncode == 0, done.stderr


class Rounded(torch.nn.Module):  # type: ignore[misc]  # torch has no types for it
    """A weight whose rounding is passed over, and an input of another shape."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.linspace(-1, 1, 12).reshape(3, 4))

    def forward(self, x: Any) -> Any:
        rounded = torch.round(self.weight * 8) / 8
        return torch.nn.functional.linear(x, self.weight + (rounded - self.weight).detach())[:, 2]


def test_the_worst_element_of_a_parameter_is_none_of_the_input(tmp_path: Path) -> None:
    check_function(Rounded(), drawn(2, 4, dtype=torch.float32)).reproducer(tmp_path / "script.py")
    assert "mpmath" not in (tmp_path / "script.py").read_text()


def test_of_two_lambdas_with_the_same_numbers_each_is_written() -> None:
    scale = 3.0
    pair = (lambda x: 5 * (x / 5) * 0.5 * scale, lambda x: 5 * (x * 0.5 / 5) * scale)
    assert [source_of(each, "torch").text.splitlines()[-1] for each in pair] == [
        "function = lambda x: 5 * (x / 5) * 0.5 * scale",
        "function = lambda x: 5 * (x * 0.5 / 5) * scale",
    ]
