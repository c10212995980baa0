"""Calls that cannot be used: each says which argument it is, what came and what was wanted; nothing is raised from inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function
from gradwitness.subjects.errors import BadCall, UserError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

X = torch.linspace(-1, 1, 6).reshape(2, 3)
SINE = torch.sin


class Twice(torch.autograd.Function):
    pass


BAD: dict[str, tuple[tuple[Any, Any], dict[str, Any], str]] = {
    "a Python number comes out": ((lambda _: 3.0, (X,)), {}, "what the function returns is a float"),
    "None comes out": ((lambda _: None, (X,)), {}, "what the function returns is None"),
    "NumPy comes out": ((lambda x: x.detach().numpy(), (X,)), {}, "what the function returns is an array"),
    "integers come out": ((lambda x: x.argmax(), (X,)), {}, "what the function returns is a Tensor"),
    "a class": ((torch.nn.Linear, (X,)), {}, "function is the class Linear; wanted an object of it"),
    "the class of a rule": ((Twice, (X,)), {}, r"the class Twice; wanted what calls it\. Hand over Twice\.apply"),
    "NumPy for a module": (
        (torch.nn.Tanh(), (np.ones(3),)),
        {},
        r"without tensors.*tensors of PyTorch\. Convert: torch\.",
    ),
    "no function": ((3, (X,)), {}, "function is an int"),
    "arrays for PyTorch": (
        (lambda x: torch.sin(x), (np.ones(3),)),
        {},
        r"inputs is without tensors \(an array.*wanted tensors of PyTorch\. Convert: torch\.from_numpy",
    ),
    "no tensors": ((SINE, (np.ones(3),)), {}, "inputs is without tensors"),
    "nothing": ((SINE, ()), {}, r"inputs is without tensors \(nothing\)"),
    "a ParameterList": (
        (sum, (torch.nn.ParameterList([X]),)),
        {},
        r"inputs is without tensors \(a ParameterList\).*list\(\.\.\.\), dict\(\.\.\.\)",
    ),
    "a sparse tensor": (
        (torch.sparse.mm, (X.to_sparse(), X.T)),
        {},
        r"inputs\[0\] is a tensor of layout torch.sparse_coo; wanted a dense tensor.*build it inside",
    ),
    "no floats": ((SINE, (torch.tensor([1]),)), {}, "inputs is without floats"),
    "NumPy among tensors": ((torch.mul, (X, np.ones((2, 3)))), {}, r"inputs\[1\] is an array of float64.*torch.from_numpy"),
    "the meta device": ((SINE, (X.to("meta"),)), {}, r"inputs\[0\] is a tensor on the meta device"),
    "a name in wrt": ((SINE, (X,)), {"wrt": "y"}, "wrt is 'y'"),
    "a number in wrt": ((SINE, (X,)), {"wrt": 1.5}, "wrt is 1.5"),
    "an empty wrt": ((SINE, (X,)), {"wrt": []}, "wrt is empty"),
    "an output": ((lambda x: {"a": x}, (X,)), {"outputs": "b"}, r"outputs is 'b'.*out\[a\]"),
    "a dtype": ((SINE, (X,)), {"dtypes": "float31"}, "dtypes is 'float31'"),
    "an integer dtype": ((SINE, (X,)), {"dtypes": [torch.int32]}, "dtypes is torch.int32"),
    "a mode": ((SINE, (X,)), {"modes": "jit"}, "modes is 'jit'; wanted some of 'eager', 'inductor'"),
    "an order": ((SINE, (X,)), {"order": 3}, "order is 3"),
    "repeats": ((SINE, (X,)), {"repeats": 0}, "repeats is 0"),
    "kwargs": ((SINE, (X,)), {"kwargs": [1]}, "kwargs is a list"),
    "an op that is not there": ((SINE, (X,)), {"reference": "layernorm"}, "reference is 'layernorm'.*layer_norm"),
    "a reference": ((SINE, (X,)), {"reference": 3}, "reference is 3"),
    "a reference of two outputs": ((SINE, (X,)), {"reference": lambda x: (x, x)}, "reference is a function with 2 outputs"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_call_names_its_argument(name: str) -> None:
    (function, inputs), options, said = BAD[name]
    with pytest.raises(BadCall, match=f"(?s){said}"):
        check_function(function, inputs, **options)


def test_what_the_function_raises_is_told_with_its_line() -> None:
    def mismatched(x: Any) -> Any:
        return x @ x

    with pytest.raises(UserError, match=r"the function raised RuntimeError: mat1 and mat2.*test_bad_calls.py.*x @ x"):
        check_function(mismatched, (X,))


def test_of_what_a_framework_raises_the_first_line_is_told() -> None:
    def stacked(_: Any) -> Any:
        raise RuntimeError("it does not work:\nthe reason\nTraceback (most recent call last):\n  a library")

    with pytest.raises(UserError, match=r"RuntimeError: it does not work: the reason \(test_bad_calls.py"):
        check_function(stacked, (X,))


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_a_nested_tensor_is_named() -> None:
    """To ask it for its shape is an error."""
    nested = torch.nested.nested_tensor([X[0], X[1, :2]], layout=torch.strided)
    with pytest.raises(BadCall, match=r"inputs\[0\] is a tensor that is nested; wanted a dense tensor"):
        check_function(SINE, (nested,))


def test_a_ragged_tensor_is_named() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    with pytest.raises(
        BadCall, match=r"inputs\[0\] is a RaggedTensor; wanted a dense tensor of TensorFlow. Hand over its values"
    ):
        check_function(lambda ragged: 2 * ragged, (tf.ragged.constant([[1.0, 2.0], [3.0]]),))


def test_a_backward_that_runs_once_only_is_a_note() -> None:
    """No other question asks the same graph twice."""

    class Once(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.x = x.detach().clone()
            return x * x

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            x = ctx.x
            del ctx.x
            return 2 * x * dout

    report = check_function(Once.apply, (X,))
    assert report.ok, report
    assert report["second backward"].verdict == "note"


UNTOLD: dict[str, tuple[Any, Any, str, str]] = {
    "empty tensors": (SINE, (torch.zeros(0, 3),), "dinput0", "no elements"),
    "nan in an input": (SINE, (torch.tensor([1.0, torch.nan]),), "dinput0", r"input0[1] is nan"),
    "NumPy inside": (
        lambda x: torch.from_numpy(x.detach().numpy() + 1e4) - 1e4 + x, (X,), "float32", "reference="
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNTOLD)
def test_what_cannot_be_told_says_why(name: str) -> None:
    function, inputs, about, said = UNTOLD[name]
    finding = check_function(function, inputs)[about]
    assert finding.verdict in ("cannot tell", "undefined")
    assert said in finding.message


def test_a_graph_that_ends_on_the_way_is_told() -> None:
    finding = check_function(lambda x: x.detach().sin(), (X,))["dx"]
    assert finding.verdict == "wrong"
    assert "the graph ends on the way" in finding.message


def test_tensors_that_share_memory_are_examined_as_copies() -> None:
    row = torch.linspace(-1, 1, 4)
    assert check_function(lambda a, b: (a * b).sum(), (row[:3], row[1:])).ok
    assert torch.equal(row, torch.linspace(-1, 1, 4))


def test_a_module_of_nnx_that_a_function_holds_and_that_changes_is_to_be_handed_over() -> None:
    jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    nnx = pytest.importorskip("flax.nnx", reason="flax is not installed")
    norm = nnx.BatchNorm(3, rngs=nnx.Rngs(0))
    with pytest.raises(UserError, match="Hand over the module itself"):
        check_function(lambda x: norm(x), jnp.asarray(X.numpy()))
    assert check_function(norm, jnp.asarray(X.numpy())).ok
