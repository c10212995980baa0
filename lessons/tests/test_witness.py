"""The first wrong op on the path of a network is named, whoever says so; right ones are not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adapters
from conformance.recipes import RECIPES
from gradwitness.frameworks import Unavailable
from lessons.path import path_of
from lessons.witness import NUMERICAL, Statement, examine
from reference import MODELS
from reference.activations import relu, sigmoid
from reference.models import two_layer


def at_start(name: str = "xor", *frameworks: str, network: bool = False) -> Statement:
    recipe = RECIPES[name]
    return examine(recipe, recipe.start(), next(recipe.batches()), frameworks, network=network)


def scaled(backward: Callable[..., Any], factor: float) -> Callable[..., Any]:
    return lambda dout, cache: tuple(factor * grad for grad in backward(dout, cache))


@pytest.mark.parametrize("name", ["xor", "mlp", "siamese", "vae"])
def test_the_reference_is_right_at_its_start(name: str) -> None:
    statement = at_start(name, network=name == "xor")
    assert statement.wrong is None
    assert statement.unseen == []


def test_the_path_is_what_the_network_calls() -> None:
    recipe = RECIPES["xor"]
    calls = path_of(recipe, recipe.start(), next(recipe.batches()))
    assert [call.name for call in calls] == ["linear", "relu", "linear", "sigmoid", "binary_cross_entropy"]
    assert np.array_equal(calls[0].inputs[0], two_layer.XOR_X)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda dout, _x: (dout,),
        lambda dout, x: (dout * (x > 0) * (1 + 1e-9),),
        lambda dout, x: (-dout * (x > 0),),
        lambda dout, x: (2.0 * dout * (x >= 0),),  # outside the set at the kink, which XOR's first point meets
    ],
)
def test_a_broken_backward_is_named(wrong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relu, "backward", wrong)
    found = at_start().wrong
    assert found is not None
    assert (found.name, found.place, found.witness) == ("relu", (2, 5), NUMERICAL)
    assert str(found).startswith("The first wrong op on the path is relu, op 2 of 5, says numerical differentiation: dx[")


def test_of_two_broken_ops_the_first_on_the_path_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for op in (sigmoid, relu):
        monkeypatch.setattr(op, "backward", scaled(op.backward, 1.01))
    found = at_start().wrong
    assert found is not None
    assert found.name == "relu"


def test_any_subgradient_is_right_at_a_kink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relu, "backward", lambda dout, x: (dout * ((x > 0) + 0.25 * (x == 0)),))
    assert at_start().wrong is None


def test_a_network_that_puts_right_ops_together_wrongly_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, backward = RECIPES["xor"], two_layer.backward

    def wrong(dout: Any, cache: Any, **options: Any) -> Any:
        dparams, dx = backward(dout, cache, **options)
        return {**dparams, "hidden.bias": 2 * dparams["hidden.bias"]}, dx

    monkeypatch.setitem(MODELS, "two_layer", type(recipe.op)(**{**vars(recipe.op), "backward": wrong}))
    assert at_start().wrong is None
    found = at_start(network=True).wrong
    assert found is not None
    assert found.place is None
    assert "the backward of two_layer is wrong, says numerical differentiation (at a generic case): dparams[hidden.bias]" in str(
        found
    )


def test_where_a_gradient_is_zero_the_generic_case_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = RECIPES["xor"]
    params, state = recipe.start()
    dead = {**params, "hidden.bias": params["hidden.bias"] - 10}
    statement = examine(recipe, (dead, state), next(recipe.batches()))
    assert statement.unseen == []
    assert {"relu", "linear"} <= set(statement.generic)
    assert at_start().generic == []
    monkeypatch.setattr(relu, "backward", scaled(relu.backward, 1.01))
    found = examine(recipe, (dead, state), next(recipe.batches())).wrong
    assert found is not None
    assert found.name == "relu"
    assert "says numerical differentiation (at a generic case): dx[" in str(found)


@pytest.mark.parametrize("framework", adapters.NAMES)
def test_a_framework_contradicts_a_pair_that_is_consistent_and_wrong(framework: str, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        adapters.load(framework)
    except Unavailable as reason:
        pytest.skip(str(reason))
    assert at_start("xor", framework).wrong is None
    monkeypatch.setattr(relu, "forward", lambda x, /: (1.5 * np.maximum(x, 0), x))
    monkeypatch.setattr(relu, "backward", lambda dout, x: (1.5 * dout * (x > 0),))
    assert at_start("xor").wrong is None
    found = at_start("xor", framework).wrong
    assert found is not None
    assert (found.name, found.witness) == ("relu", framework)
    assert f"in numpy, but {found.found.actual:.6g} in {framework}." in str(found)
