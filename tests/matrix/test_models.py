"""Every model of the reference, spelled natively: same loss, same gradient of every parameter and of the input."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adapters
from conformance.having import having
from conformance.matrix import Cell
from conformance.run import parts, subject
from reference import MODELS


def test_model(model_cell: Cell, verify: Callable[[Cell], Any]) -> None:
    verify(model_cell)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("adapter", adapters.NAMES)
def test_parameters_survive_the_round_trip(adapter: str, name: str, dtype: str) -> None:
    native_model = having(adapter, "models", name).models[name]
    for case in MODELS[name].cases:
        at = subject(MODELS[name], case).rounded(dtype)
        params, _, state, config = parts(at, native_model.conventions)
        model = native_model.from_reference(params, state, **config)
        for given, back in ((params, native_model.to_reference(model)), (state, native_model.state_of(model))):
            assert set(back) == set(given)
            for key, value in given.items():
                assert back[key].dtype == value.dtype
                assert np.array_equal(back[key], value), (case.id, key)
