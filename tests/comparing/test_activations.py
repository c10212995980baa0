"""`compare` names the activation that one function has and another has not, whichever of them comes first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional


def drawn(*shape: int) -> Any:
    return 3 * np.random.default_rng(0).normal(size=shape)


def clipped(x: Any) -> Any:
    """The hard sigmoid of Keras before version 3, and of ONNX."""
    return torch.clamp(0.2 * x + 0.5, 0, 1)


HIDDEN = torch.nn.Linear(12, 3, dtype=torch.float64)
"""Its outputs have both signs: where all are positive, a relu is no activation."""
with torch.no_grad():
    HIDDEN.weight.copy_(torch.from_numpy(np.outer([0.1, -0.1, 0.02], np.sign(drawn(12)))))
    HIDDEN.bias.fill_(0.1)
CASES: dict[str, tuple[Any, Any, str]] = {
    "hard sigmoid": (lambda x: F.hardsigmoid(x), clipped, "clip(0.2 x + 0.5, 0, 1) in place of F.hardsigmoid"),
    "hard swish": (lambda x: F.hardswish(x), lambda x: x * clipped(x), "x clip(0.2 x + 0.5, 0, 1) in place of F.hardswish"),
    "a layer": (
        torch.nn.Sequential(HIDDEN, torch.nn.Hardsigmoid()),
        lambda x: clipped(HIDDEN(x)),
        "clip(0.2 x + 0.5, 0, 1) in place of Hardsigmoid",
    ),
    "a method": (lambda x: HIDDEN(x).relu(), lambda x: F.silu(HIDDEN(x)), " in place of "),
    "quick gelu": (lambda x: F.gelu(x), lambda x: x * torch.sigmoid(1.702 * x), "x sigmoid(1.702 x) in place of F.gelu"),
    "silu": (torch.nn.SiLU(), lambda x: x * torch.sigmoid(1.5 * x), " in place of "),
    "elu": (lambda x: F.elu(x, 0.5), lambda x: F.celu(x, 0.5), "in place of F."),
    "softplus": (lambda x: F.softplus(x), lambda x: F.softplus(x, beta=2), "With beta=1.0 in F.softplus"),
    "written out": (
        lambda x: (x + 3).clamp(0, 6) / 6,
        clipped,
        " is clip(x / 6 + 0.5, 0, 1)",
    ),
}


@pytest.mark.parametrize("turned", [False, True], ids=["first", "second"])
@pytest.mark.parametrize("name", CASES)
def test_the_activation_is_named(name: str, turned: bool) -> None:
    first, second, words = CASES[name]
    functions = {"one": second, "other": first} if turned else {"one": first, "other": second}
    explanation = compare(functions, torch.from_numpy(drawn(12)))["out"].explanation
    assert words in explanation, explanation


def test_layers_keep_their_own_method() -> None:
    layer = torch.nn.Hardsigmoid()
    assert compare({"one": layer, "other": clipped}, torch.from_numpy(drawn(9)))["out"].explanation
    assert "forward" not in vars(layer)


def test_functions_without_a_common_cause_have_no_explanation() -> None:
    functions = {"one": lambda x: F.hardsigmoid(x), "other": lambda x: torch.sin(x) + x.mean()}
    assert compare(functions, torch.from_numpy(drawn(9)))["out"].explanation == ""


def test_a_slope_that_is_kept_in_float32_is_named() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    functions = {"torch": lambda x: F.leaky_relu(x), "tf": lambda x: tf.nn.leaky_relu(x)}
    explanation = compare(functions, drawn(9))["out"].explanation
    assert explanation.startswith("With negative_slope=0.2 in F.leaky_relu and that number rounded to float32"), explanation
    back = compare({"tf": functions["tf"], "torch": functions["torch"]}, drawn(9))["out"].explanation
    assert back.startswith("With max(x, 0) + 0.01 min(x, 0) in place of tf.nn.leaky_relu tf agrees with torch"), back


def test_an_activation_of_keras_is_named() -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layer = keras.layers.Activation("hard_sigmoid", dtype="float64")
    explanation = compare({"keras": layer, "torch": clipped}, drawn(9))["out"].explanation
    assert explanation == "With clip(0.2 x + 0.5, 0, 1) in place of activation of Activation keras agrees with torch"
    gelu = {"keras": lambda x: keras.activations.gelu(x), "torch": torch.nn.GELU("tanh")}
    assert "in place of keras.activations.gelu keras agrees with torch" in compare(gelu, drawn(9))["out"].explanation


def test_an_activation_of_jax_is_named() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    functions = {"torch": clipped, "jax": lambda x: jax.nn.hard_sigmoid(x)}
    explanation = compare(functions, drawn(9))["out"].explanation
    assert explanation == "With clip(0.2 x + 0.5, 0, 1) in place of jax.nn.hard_sigmoid jax agrees with torch"
    units = {"one": lambda x: jax.nn.elu(x, 0.5), "other": lambda x: jax.nn.celu(x, 0.5)}
    assert compare(units, jax.numpy.asarray(drawn(9)))["out"].explanation.startswith("With celu(x) with alpha=0.5")
