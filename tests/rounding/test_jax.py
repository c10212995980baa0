"""Monte Carlo arithmetic inside JAX: the truth of any function that can be traced, and what rounding alone can do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from gradwitness.frameworks import reproducible
from gradwitness.rounding.arithmetic import Measured, Unstable
from gradwitness.rounding.framework import NotWatched

jax = pytest.importorskip("jax", reason="jax is not installed")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def sixty_four_bits() -> Iterator[None]:
    with reproducible("jax"):
        yield


@jax.custom_vjp
def swish(x: Any) -> Any:
    return x * jax.nn.sigmoid(x)


def _backward(x: Any, dout: Any) -> tuple[Any]:
    s = jax.nn.sigmoid(x)
    return (dout * (s + x * s * (1 - s)),)


swish.defvjp(lambda x: (swish(x), x), _backward)


def rows(x: Any, w: Any) -> Any:
    """A recurrence: scan, with jit inside."""
    step = jax.jit(lambda h, row: jnp.tanh(row @ w + h))
    return jax.lax.scan(lambda h, row: (step(h, row), h), jnp.zeros(w.shape[1], x.dtype), x)[0]


def branches(x: Any) -> Any:
    y = jax.lax.cond(x.sum() > 1e3, jnp.sin, jax.checkpoint(jnp.cos), x)
    z = jax.lax.while_loop(lambda s: s[0] < 5, lambda s: (s[0] + 1, s[1] * 1.5), (0, jax.lax.stop_gradient(y)))
    return y * z[1]


def layer_norm(x: Any, weight: Any) -> Any:
    return jax.nn.standardize(x, axis=-1) * weight


FUNCTIONS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "layer_norm": (layer_norm, [(6, 8), (8,)]),
    "custom_vjp": (swish, [(4, 5)]),
    "matmul": (jnp.matmul, [(16, 64), (64, 8)]),
    "scan": (rows, [(5, 4), (4, 3)]),
    "branches": (branches, [(7,)]),
}


def arrays(seed: int, dtype: str, *shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [jnp.asarray(rng.normal(size=shape)).astype(dtype) for shape in shapes]


def gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(inputs: Sequence[Any], dout: Any) -> Any:
        out, pull = jax.vjp(function, *inputs)
        return out, pull(dout)

    return run


def measure(function: Callable[..., Any], arguments: Sequence[Any], dtype: str, **kwargs: Any) -> list[Measured]:
    from gradwitness.rounding.jax import measure

    return measure(function, arguments, dtype, **kwargs)


def units(results: Any, measured: Sequence[Measured]) -> float:
    """The largest distance of the results from the truth, in units of the spread."""
    numbers = [np.asarray(result, np.float64) for result in jax.tree.leaves(results)]
    return max(float(np.max(np.abs(a - m.truth) / m.spread)) for a, m in zip(numbers, measured, strict=True))


PLACES = {"layer_norm": "float32", "custom_vjp": "float32", "matmul": "bfloat16", "scan": "float64", "branches": "float16"}


@pytest.mark.parametrize(("name", "dtype"), PLACES.items())
def test_the_truth_is_the_function_in_float64_and_honest_results_lie_near_it(name: str, dtype: str) -> None:
    function, shapes = FUNCTIONS[name]
    run, inputs = jax.jit(gradients(function)), arrays(1, dtype, *shapes)
    (dout,) = arrays(2, dtype, jax.eval_shape(function, *inputs).shape)
    measured = measure(run, (inputs, dout), dtype)
    wide = run([x.astype("float64") for x in inputs], dout.astype("float64"))
    assert units(wide, measured) < (8 if dtype == "float64" else 1e-2)  # constants are those of the dtype under test
    assert units(run(inputs, dout), measured) < 8
    unit = float(jnp.finfo(dtype).eps) / 2
    assert all(unit / 8 < np.sqrt((m.spread**2).mean() / (m.truth**2).mean()) < 32 * unit for m in measured)


def test_values_that_are_added_by_index_are_a_sum_in_the_order_of_the_index() -> None:
    index = jnp.array([0] * 300 + [1])
    (measured,) = measure(lambda x: jnp.zeros(3, x.dtype).at[index].add(x), [jnp.full(301, 0.75, "float32")], "float32")
    assert measured.truth.tolist() == [225, 0.75, 0]
    assert measured.spread[0] / 225 > 4 * 2**-24


def test_the_largest_value_of_each_segment_is_exact() -> None:
    (x,), segments = arrays(3, "float32", (4, 3)), jnp.array([0, 2, 2, 1])
    (measured,) = measure(lambda x: jax.ops.segment_max(x, segments, 3), [x], "float32")
    assert np.array_equal(measured.truth, jax.ops.segment_max(x, segments, 3))
    assert not np.any(measured.spread)


def test_values_that_are_multiplied_by_index_round_once_each() -> None:
    index = jnp.array([0] * 300 + [1])
    (measured,) = measure(lambda x: jnp.ones(2, x.dtype).at[index].multiply(x), [jnp.full(301, 1.01, "float32")], "float32")
    truth = [float(np.float32(1.01)) ** 300, float(np.float32(1.01))]
    assert np.all(np.abs(measured.truth - truth) <= 2.0**-40 * np.asarray(truth))
    assert measured.spread[0] / truth[0] > 4 * 2**-24


@jax.custom_vjp
def twice_too_large(x: Any) -> Any:
    return swish(x)


twice_too_large.defvjp(lambda x: (swish(x), x), lambda x, dout: (2 * _backward(x, dout)[0],))


def test_the_spread_of_a_wrong_rule_does_not_hide_it() -> None:
    inputs, (dout,) = arrays(4, "float32", (4, 5)), arrays(5, "float32", (4, 5))
    measured = measure(gradients(swish), (inputs, dout), "float32")
    assert units(gradients(twice_too_large)(inputs, dout), measured) > 1e5


def test_a_bfloat16_sum_accumulates_in_float32() -> None:
    (measured,) = measure(lambda x: jnp.abs(x).sum(), arrays(5, "bfloat16", (4096,)), "bfloat16")
    assert 2**-10 < measured.spread / measured.truth < 2**-7


def test_a_count_that_is_kept_in_floats_is_exact() -> None:
    def function(x: Any) -> Any:
        return x[jnp.sum((x > -9).astype(x.dtype)).astype(int) - 1]

    (measured,) = measure(function, [jnp.arange(1.0, 31.0, dtype="float32")], "float32")
    assert (measured.truth, measured.spread) == (30, 0)


def test_what_only_moves_numbers_has_no_spread() -> None:
    def function(x: Any) -> Any:
        return jax.nn.relu(x), jnp.concatenate([x, -x]), x.max(), x[jnp.array([0, 0])], x.T, x.astype("float32"), x + 0, 1 * x

    assert {m.spread.max() for m in measure(function, arrays(7, "bfloat16", (3, 4)), "bfloat16")} == {0.0}


def test_nothing_of_the_process_changes() -> None:
    with jax.enable_x64(False):
        measure(jnp.sin, [jnp.ones(2, "float32")], "float32", samples=1)
        assert not jax.config.jax_enable_x64
        assert jnp.ones(2).dtype == "float32"


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x),
        lambda x: x if x[0] > 0 else -x,
    ],
    ids=["callback", "decides"],
)
def test_code_that_cannot_be_traced_is_not_watched(function: Callable[..., Any]) -> None:
    with pytest.raises(NotWatched):
        measure(function, arrays(0, "float32", (2,)), "float32")


def test_a_point_where_rounding_makes_nan_has_no_spread() -> None:
    with pytest.raises(Unstable):
        measure(lambda x: jnp.sqrt(x + 8192 - 8192), [jnp.full(64, 1e-4, "float32")], "float32")
