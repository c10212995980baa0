"""Each layout names the framework's own layer, and that layer, loaded with the op's parameters, computes what the op computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

import adapters
from adapters.layout import Inexpressible, Layout
from conformance.having import having
from conformance.layers import judge_layer, parted, stored_arguments
from conformance.matrix import Cell
from conformance.run import evidence, subject
from gradwitness import Disagreement, frameworks
from gradwitness.subjects.pair import leaves, tree_map
from reference import OPS

WITH_PARAMETERS = [name for name, op in OPS.items() if stored_arguments(op)]
PAIRS = [(op, adapter) for op in WITH_PARAMETERS for adapter in adapters.NAMES]
CASES = [(op, case.id, adapter) for op in WITH_PARAMETERS for case in OPS[op].cases for adapter in adapters.NAMES]
each_pair = pytest.mark.parametrize(("op", "adapter"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
each_case = pytest.mark.parametrize(("op", "case", "adapter"), CASES, ids=["-".join(case) for case in CASES])


def loaded(name: str) -> Any:
    try:
        return adapters.load(name)
    except frameworks.Unavailable as reason:
        pytest.skip(str(reason))


def layout_of(op: str, name: str) -> Layout:
    """The layout of an op. Skips where the adapter has no such op and says why, or has no layouts and lives elsewhere."""
    adapter = loaded(name)
    if reason := adapter.missing("ops", op):
        pytest.skip(f"{name}: {reason}")
    if not adapter.layouts and adapter.spec.adapter:
        pytest.skip(f"{name}: the adapter in {adapter.package} has no layouts")
    if op not in adapter.layouts:
        pytest.fail(absent(adapter, op), pytrace=False)
    return adapter.layouts[op]


def absent(adapter: Any, op: str) -> str:
    where = adapter.ops[op].__module__.replace(".", "/")
    return f"{adapter.name}: no Layout for `{op}`; add it to LAYOUTS in {where}.py"


def verify(op: str, case: str, adapter: str, layout: Layout) -> dict[str, float]:
    """Judge the layer on a case in float64. Raises Inexpressible, Disagreement, or what a wrong name or shape raises."""
    told = evidence(OPS[op], case, "float64")
    return judge_layer(told, Cell("op", op, case, adapter, "float64", "cpu", "eager"), layout)


# --- every op with parameters has a layout, and the layout is that of a layer


@each_pair
def test_an_op_with_parameters_has_a_layout(op: str, adapter: str) -> None:
    layout = layout_of(op, adapter)
    assert set(stored_arguments(OPS[op])) <= set(layout.parameters)
    assert (layout.layer is None) == bool(layout.no_layer), "a Layout has either layer or no_layer"


@each_case
def test_the_layer_computes_what_the_op_computes(op: str, case: str, adapter: str, request: pytest.FixtureRequest) -> None:
    layout = layout_of(op, adapter)
    try:
        verify(op, case, adapter, layout)
    except Inexpressible as reason:
        pytest.skip(f"{adapter}: {reason}")
    except Exception as error:
        error.add_note(
            f"{adapter}: the Layout of `{op}` in {adapters.load(adapter).ops[op].__module__.replace('.', '/')}.py, case {case}\n"
            f'replay: python -m pytest "{request.node.nodeid}"'
        )
        raise


@each_pair
def test_the_layer_can_express_a_case(op: str, adapter: str) -> None:
    layout = layout_of(op, adapter)
    if layout.no_layer:
        pytest.skip(f"{adapter}: {layout.no_layer}")
    reasons = list(unable(op, adapter, layout))
    assert len(reasons) < len(OPS[op].cases), f"no case of {op} runs in the layer: {'; '.join(sorted(set(reasons)))}"


def unable(op: str, adapter: str, layout: Layout) -> Iterator[str]:
    """Why the layer cannot be built for a case, for each such case."""
    put = partial(tree_map, adapters.load(adapter).framework.from_numpy)
    assert layout.layer is not None
    for case in OPS[op].cases:
        params, data, static = parted(subject(OPS[op], case), layout)
        try:
            layout.layer(put(params), *put(tuple(data)), **put(static))
        except Inexpressible as reason:
            yield str(reason)


# --- there and back


@each_case
def test_parameters_survive_the_round_trip(op: str, case: str, adapter: str) -> None:
    layout, framework = layout_of(op, adapter), loaded(adapter).framework
    at = subject(OPS[op], next(c for c in OPS[op].cases if c.id == case))
    params, _, static = parted(at, layout)
    stored = layout.from_reference(tree_map(framework.from_numpy, params), **static)
    again = layout.to_reference(stored, **static)
    for first, second in zip(leaves(stored), leaves(layout.from_reference(again, **static)), strict=True):
        assert np.array_equal(framework.to_numpy(first), framework.to_numpy(second))
    assert set(again) == set(params)
    for name in set(params) - set(layout.merged):
        assert np.array_equal(framework.to_numpy(again[name]), params[name]), name


# --- the tests can fail


def invented(layout: Layout, _: Any) -> Layout:
    """Right numbers under a name that the layer does not have."""
    return replace(
        layout,
        from_reference=lambda params, **static: {f"gate_{k}": v for k, v in layout.from_reference(params, **static).items()},
    )


def forgotten(layout: Layout, _: Any) -> Layout:
    """One array less than the layer has."""
    return replace(
        layout, from_reference=lambda params, **static: dict(list(layout.from_reference(params, **static).items())[:-1])
    )


def transposed(layout: Layout, framework: Any) -> Layout:
    """The weight transposed once too often: a wrong shape, unless it is square."""

    def from_reference(params: dict[str, Any], **static: Any) -> dict[str, Any]:
        weight = framework.from_numpy(framework.to_numpy(params["weight"]).T)
        return layout.from_reference({**params, "weight": weight}, **static)

    return replace(layout, from_reference=from_reference)


def reshaped(layout: Layout, framework: Any) -> Layout:
    """The weight's numbers in the order of its transpose, in the right shape."""

    def from_reference(params: dict[str, Any], **static: Any) -> dict[str, Any]:
        weight = framework.to_numpy(params["weight"])
        wrong = framework.from_numpy(weight.T.reshape(weight.shape))
        return layout.from_reference({**params, "weight": wrong}, **static)

    return replace(layout, from_reference=from_reference)


@pytest.mark.parametrize("adapter", adapters.NAMES)
@pytest.mark.parametrize(
    ("plant", "raises", "says"),
    [
        (invented, ValueError, "gate_.* is not in the layer"),
        (forgotten, ValueError, "bias .* is missing"),
        (transposed, ValueError, "the layer has"),
        (reshaped, Disagreement, "out.* is wrong"),
    ],
    ids=["invented", "forgotten", "transposed", "reshaped"],
)
def test_a_planted_mistake_turns_the_test_red(
    adapter: str, plant: Callable[[Layout, Any], Layout], raises: type[Exception], says: str
) -> None:
    layout = layout_of("linear", adapter)
    with pytest.raises(raises, match=says):
        verify("linear", "generic", adapter, plant(layout, loaded(adapter).framework))


def test_a_missing_layout_is_named_with_its_place_and_the_cure() -> None:
    adapter = loaded("torch")
    assert absent(adapter, "linear") == "torch: no Layout for `linear`; add it to LAYOUTS in adapters/torch/ops/layers.py"


def test_a_layout_without_a_layer_is_no_layer_to_load() -> None:
    layout = type(layout_of("linear", "torch")).without_layer("weight", reason="there is none")
    with pytest.raises(Inexpressible, match="there is none"):
        layout.evaluate({})


def test_keras_layers_are_built_in_the_dtype_asked_for_whatever_was_built_before() -> None:
    keras_adapter = having("tensorflow", "ops", "linear")
    import keras

    keras.config.set_dtype_policy("float32")  # as any layer of the default dtype leaves it
    layout = keras_adapter.layouts["linear"]
    put = keras_adapter.framework.from_numpy
    params = {"weight": put(np.ones((3, 2))), "bias": put(np.ones(2))}
    out = layout.evaluate(params, put(np.ones((4, 3))))
    assert keras_adapter.framework.to_numpy(out).dtype == np.float64
    assert keras.config.dtype_policy().name == "float32"
