"""Parameters of layers go to each framework's layout and come back unchanged, whatever the case."""

from typing import Any

import numpy as np
import pytest

import adapters
from conformance.run import subject
from gradwitness import frameworks
from gradwitness.subjects.pair import leaves, tree_map
from reference import OPS


@pytest.mark.parametrize("name", adapters.NAMES)
def test_parameters_survive_the_round_trip(name: str) -> None:
    try:
        adapter = adapters.load(name)
    except frameworks.Unavailable as reason:
        pytest.skip(str(reason))
    for op, layout in adapter.layouts.items():
        for case in OPS[op].cases:
            at = subject(OPS[op], case)
            arguments: dict[str, Any] = {**dict(zip(at.arguments, at.inputs, strict=True)), **at.static}
            params = {parameter: arguments.pop(parameter) for parameter in layout.parameters}
            static = {key: value for key, value in at.static.items() if key not in params}
            stored = layout.from_reference(tree_map(adapter.framework.from_numpy, params), **static)
            params_again = layout.to_reference(stored, **static)
            stored_again = layout.from_reference(params_again, **static)
            to_numpy = adapter.framework.to_numpy
            for first, second in zip(leaves(stored), leaves(stored_again), strict=True):
                assert np.array_equal(to_numpy(first), to_numpy(second)), (op, case.id)
            assert set(params_again) == set(params), (op, case.id)
            for parameter in set(params) - set(layout.merged):
                assert np.array_equal(to_numpy(params_again[parameter]), params[parameter]), (op, case.id, parameter)
