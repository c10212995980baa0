"""Every model of the reference, spelled natively: same loss, same gradient of every parameter and of the input."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adapters
from gradwitness import frameworks
from reference import MODELS
from tests.matrix import Cell
from tests.run import evidence


def test_model(model_cell: Cell, verify: Callable[[Cell], Any]) -> None:
    verify(model_cell)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("adapter", adapters.NAMES)
def test_parameters_survive_the_round_trip(adapter: str, name: str, dtype: str) -> None:
    try:
        spelling = adapters.load(adapter).models[name]
    except frameworks.Unavailable as reason:
        pytest.skip(str(reason))
    subject = evidence(MODELS[name], MODELS[name].cases[0].id, dtype).subject
    params = subject.inputs[0]
    config = {key: value for key, value in subject.static.items() if key != "labels"}
    back = spelling.to_reference(spelling.from_reference(params, **config))
    assert set(back) == set(params)
    for key, value in params.items():
        assert back[key].dtype == value.dtype
        assert np.array_equal(back[key], value), key
