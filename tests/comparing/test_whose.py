"""`compare` finds out which framework a function belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import BadCall, UserError, compare


def drawn(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_a_name_says_it_where_the_code_does_not() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    functions = {"PyTorch": lambda x: x.std(0), "by hand": lambda x: np.std(x, 0)}
    assert compare(functions, drawn(5, 3)).verdict == "wrong"  # NumPy divides by n, PyTorch by n - 1


@pytest.mark.parametrize("word", ["keras", "tf", "tensorflow"])
def test_a_pair_says_it_in_any_word_that_people_use(word: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    functions = {"first": ("pytorch", lambda x: x * x), "second": (word, lambda x: x * x)}
    assert compare(functions, drawn(5, 3)).ok


def test_a_name_that_begins_with_a_framework_is_believed_before_code_that_names_another() -> None:
    """The port is made where it is called, from a layer of Keras: the code of the function names that layer alone."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layer = keras.layers.Dense(2)
    layer.build((None, 3))

    def ported(layer: Any) -> Any:
        kernel, bias = layer.get_weights()
        return lambda x: torch.nn.functional.linear(x, torch.from_numpy(kernel.T.copy()), torch.from_numpy(bias))

    functions = {"keras": layer, "torch, ported": lambda x: ported(layer)(x).clone()}
    assert compare(functions, drawn(4, 3)).ok
    with pytest.raises(BadCall, match="names tensorflow and torch"):
        compare({"keras": layer, "ported": functions["torch, ported"]}, drawn(4, 3))
    assert compare({"keras": layer, "ported to torch": functions["torch, ported"]}, drawn(4, 3)).ok


def test_a_library_is_of_the_framework_that_it_is_built_on() -> None:
    pytest.importorskip("jax", reason="JAX is not installed")
    optax = pytest.importorskip("optax", reason="optax is not installed")

    def losses(x: Any, y: Any) -> Any:
        return optax.l2_loss(x, y)

    def by_hand(x: Any, y: Any) -> Any:
        return (x - y) ** 2 / 2

    report = compare({"library": losses, "jax, by hand": by_hand}, (drawn(4), drawn(4) + 1))
    assert [finding.about for finding in report] == ["out", "dx", "dy"]
    assert report.ok


def test_code_that_says_nothing_runs_with_numpy_and_its_error_says_what_helps() -> None:
    with pytest.raises(UserError, match=r'mine, run with NumPy \(a pair such as \("torch", function\) says another framework\)'):
        compare({"mine": lambda x: x.softmax(-1), "other": lambda x: x}, drawn(3))


def test_a_module_of_linen_needs_its_variables() -> None:
    pytest.importorskip("jax", reason="JAX is not installed")
    linen = pytest.importorskip("flax.linen", reason="Flax is not installed")
    module, x = linen.Dense(2), drawn(4, 3)
    variables = {"params": {"kernel": drawn(3, 2), "bias": drawn(2)}}
    with pytest.raises(BadCall, match=r"without its variables.*module\.bind\(variables\)"):
        compare({"bare": module, "bound": module.bind(variables)}, x)
    with pytest.raises(BadCall, match=r"is a tuple.*module\.bind\(variables\)"):
        compare({"a pair": (module, variables), "bound": module.bind(variables)}, x)
    assert compare({"by apply": lambda x: module.apply(variables, x), "bound": module.bind(variables)}, x).ok
