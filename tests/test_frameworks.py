"""How frameworks are loaded, and what their modules promise. A framework that is not there is skipped by name."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import adapters
from gradwitness import frameworks
from gradwitness.frameworks.spec import BUILT_IN


def loaded(name: str) -> Iterator[Any]:
    try:
        framework = frameworks.load(name)
    except frameworks.Unavailable as reason:
        pytest.skip(str(reason))
    with frameworks.reproducible(name):
        yield framework


@pytest.fixture(params=[spec.name for spec in BUILT_IN])
def framework(request: pytest.FixtureRequest) -> Iterator[Any]:
    yield from loaded(request.param)


@pytest.fixture(params=[spec.name for spec in BUILT_IN if spec.name != "numpy"])
def autodiff(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A framework that differentiates by itself."""
    yield from loaded(request.param)


def name_of(framework: Any) -> str:
    return framework.__name__.rsplit(".", 1)[-1]


def product(framework: Any) -> Any:
    """x * y as the framework spells it."""
    if name_of(framework) == "numpy":
        return (lambda x, y: (x * y, (x, y))), (lambda dout, cache: (dout * cache[1], dout * cache[0]))
    return lambda x, y: x * y


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_arrays_go_in_and_out_unchanged(framework: Any, dtype: str, shape: tuple[int, ...]) -> None:
    array = np.asarray(np.random.default_rng(0).integers(0, 2, size=shape)).astype(dtype)
    back = framework.to_numpy(framework.from_numpy(array))
    assert isinstance(back, np.ndarray)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


def test_conversion_copies(framework: Any) -> None:
    array = np.zeros(64)  # large and aligned enough to be aliased by those who do
    tensor = framework.from_numpy(array)
    array[:] = 1
    assert framework.to_numpy(tensor).max() == 0
    out = framework.to_numpy(tensor)
    out[:] = 2
    assert framework.to_numpy(tensor).max() == 0


def test_vjp_in_every_mode(framework: Any) -> None:
    x, y, dout = (framework.from_numpy(np.array(v)) for v in ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]))
    for mode in frameworks.spec_of(name_of(framework)).modes:
        run = framework.vjp(product(framework), mode)
        out, (dx, dy) = run((x, y), dout)
        framework.wait((out, dx, dy))
        assert framework.to_numpy(out).tolist() == [3, 8]
        assert framework.to_numpy(dx).tolist() == [15, 24]
        assert framework.to_numpy(dy).tolist() == [5, 12]


def test_an_unused_argument_gets_zeros(autodiff: Any) -> None:
    x = autodiff.from_numpy(np.array([1.0, 2.0]))
    _, (dx, dy) = autodiff.vjp(lambda x, y: x * 2)((x, x), x)
    assert autodiff.to_numpy(dx).tolist() == [2, 4]
    assert autodiff.to_numpy(dy).tolist() == [0, 0]


def test_a_result_in_another_precision_is_an_error(autodiff: Any) -> None:
    x = autodiff.from_numpy(np.array([1.0, 2.0]))
    single = autodiff.from_numpy(np.zeros(2, np.float32)).dtype
    cast = {"torch": lambda x: x.to(single), "jax": lambda x: x.astype(single)}.get(
        name_of(autodiff), lambda x: _tf_cast(x, single)
    )
    with pytest.raises(TypeError, match=r"forward returned .*float32.* where the inputs are .*float64"):
        autodiff.vjp(cast)((x,), x)


def _tf_cast(x: Any, dtype: Any) -> Any:
    import tensorflow as tf

    return tf.cast(x, dtype)


def test_unknown_modes_and_devices_list_what_there_is(framework: Any) -> None:
    with pytest.raises(ValueError, match=r"has no mode 'fast'; there are eager"):
        framework.compile(len, "fast")
    with pytest.raises(ValueError, match=r"sees no device 'tpu'; there are cpu"):
        framework.from_numpy(np.zeros(1), "tpu")


def test_versions_are_named(framework: Any) -> None:
    assert framework.version().startswith(name_of(framework) + " ")


def test_unknown_names_list_what_there_is() -> None:
    with pytest.raises(ValueError, match=f"unknown framework 'caffe'; there are {', '.join(frameworks.specs())}"):
        frameworks.load("caffe")
    with pytest.raises(ValueError, match=f"unknown adapter 'caffe'; there are {', '.join(adapters.NAMES)}"):
        adapters.load("caffe")


@pytest.mark.parametrize("name", ["torch", "tensorflow", "jax"])
def test_a_missing_framework_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)  # what Python does for a module that cannot be imported
    frameworks.load.cache_clear()
    with pytest.raises(frameworks.Unavailable, match=f"{name} is not installed"):
        frameworks.load(name)
    frameworks.load.cache_clear()


def test_a_broken_framework_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> Any:
        raise OSError(f"{name} needs libcudart.so.12: cannot open shared object file")

    monkeypatch.setattr(frameworks.FrameworkSpec, "installed", True)
    monkeypatch.setattr(frameworks.process.importlib, "import_module", broken)
    frameworks.load.cache_clear()
    with pytest.raises(frameworks.Unavailable, match=r"jax is installed but breaks at import: OSError: .*libcudart"):
        frameworks.load("jax")
    frameworks.load.cache_clear()


@pytest.mark.parametrize("attached", [True, False])
def test_a_member_of_out_that_no_argument_enters_has_no_part_in_the_gradient(autodiff: Any, attached: bool) -> None:
    x, constant, dout = (autodiff.from_numpy(np.array(value)) for value in ([1.0, 2.0], [5.0], [3.0, 4.0]))
    one = autodiff.from_numpy(np.array([0.0]))
    (_, other), grads = autodiff.vjp(lambda a: (a * a if attached else dout * dout, constant + one))((x,), (dout, one))
    assert autodiff.to_numpy(other).tolist() == [5.0]
    assert autodiff.to_numpy(grads[0]).tolist() == ([6.0, 16.0] if attached else [0.0, 0.0])
