"""The process and the user's objects are as they were, also after an exception: DESIGN, section 1."""

from __future__ import annotations

import cProfile
import importlib
import pstats
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function, frameworks
from gradwitness.subjects.errors import UserError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def of_torch() -> dict[str, Any]:
    return {
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warn only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "default dtype": torch.get_default_dtype(),
        "grad mode": torch.is_grad_enabled(),
        "threads": torch.get_num_threads(),
        "TF32": torch.backends.cuda.matmul.allow_tf32,
        "random": torch.get_rng_state().numpy().tobytes(),
    }


def of_numpy() -> dict[str, Any]:
    state = np.random.mtrand._rand.get_state(legacy=False)
    return {"NumPy": str(state), "Python": random.getstate(), "errors": np.geterr()}


def of_tensorflow() -> dict[str, Any]:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    from tensorflow.python.eager import context
    from tensorflow.python.framework import config

    return {
        "deterministic": config.is_op_determinism_enabled(),
        "TF32": config.tensor_float_32_execution_enabled(),
        "eagerly": tf.config.functions_run_eagerly(),
        "seed": context.context()._seed,
        "logger": tf.get_logger().level,
    }


def of_keras() -> dict[str, Any]:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    return {"floatx": keras.config.floatx(), "policy": keras.config.dtype_policy().name}


def of_jax() -> dict[str, Any]:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    names = ("jax_enable_x64", "jax_default_matmul_precision", "jax_disable_jit", "jax_debug_nans")
    names += ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    return {name: getattr(jax.config, name) for name in names}


def module_of_torch(*, breaks: bool) -> tuple[Callable[..., Any], Any, Callable[[], Any]]:
    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.norm = torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)
            self.last = torch.nn.Linear(4, 3)
            self.last.weight = torch.nn.Parameter(self.first.weight.detach().T.clone())

        def forward(self, x: Any) -> Any:
            if breaks:
                raise RuntimeError("broken on purpose")
            return torch.nn.functional.dropout(self.last(self.norm(self.first(x))), 0.5)

    torch.manual_seed(3)
    network, x = Network(), torch.linspace(-1, 1, 12).reshape(4, 3).requires_grad_()

    def state() -> Any:
        tensors = {name: value.clone().numpy().tobytes() for name, value in network.state_dict().items()}
        identities = [(name, id(p), p.requires_grad, p.grad) for name, p in network.named_parameters()]
        return tensors, identities, x.detach().clone().numpy().tobytes(), x.grad, network.training

    return network, (x,), state


def layer_of_keras(*, breaks: bool) -> tuple[Callable[..., Any], Any, Callable[[], Any]]:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    class Network(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.norm = keras.layers.Dense(3), keras.layers.BatchNormalization()
            self.drop, self.ready = keras.layers.Dropout(0.5), False

        def call(self, x: Any) -> Any:
            if breaks and self.ready:
                raise RuntimeError("broken on purpose")
            return self.drop(self.norm(self.first(x), training=True), training=True)

    network, x = Network(), tf.reshape(tf.linspace(-1.0, 1.0, 12), (4, 3))
    network(x)
    network.ready = True

    def state() -> Any:
        return [(v.path, v.dtype, v.numpy().tobytes()) for v in network.variables], network.dtype_policy.name

    return network, (x,), state


def module_of_flax(*, breaks: bool) -> tuple[Callable[..., Any], Any, Callable[[], Any]]:
    pytest.importorskip("flax", reason="flax is not installed")
    import jax
    import jax.numpy as jnp
    from flax import nnx

    class Network(nnx.Module):
        def __init__(self, rngs: Any) -> None:
            self.linear, self.norm = nnx.Linear(3, 2, rngs=rngs), nnx.BatchNorm(2, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            if breaks:
                raise RuntimeError("broken on purpose")
            return self.norm(self.linear(x))

    network, x = Network(nnx.Rngs(0)), jnp.linspace(-1, 1, 12).reshape(4, 3)

    def state() -> Any:
        return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(nnx.state(network, nnx.Not(nnx.RngState)))]

    return network, (x,), state


def test_jax_stays_in_32_bits() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    frameworks.load("jax")
    with jax.enable_x64(False):
        before = of_jax()
        assert check_function(lambda x: jax.lax.max(x, 0.25), (jax.numpy.linspace(-1, 1, 4),)).ok
        assert of_jax() == before
        assert jax.numpy.ones(1).dtype == "float32"


def test_labels_of_64_bits_do_not_make_jax_compute_in_them() -> None:
    """NumPy's whole numbers have 64 bits: JAX takes them in 32, unless the process or the numbers ask for more."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jnp = jax.numpy

    def function(x: Any, labels: Any) -> Any:
        if x.dtype == "float32" and not (labels.dtype == "int32" and jnp.ones(2).dtype == "float32"):
            raise TypeError(f"{labels.dtype}, {jnp.ones(2).dtype}")
        return x * jnp.ones(2) + jax.nn.one_hot(labels, 2)

    frameworks.load("jax")
    with jax.enable_x64(False):
        x = jnp.linspace(-1, 1, 6, dtype="float32").reshape(3, 2)
        assert check_function(function, (x, np.array([0, 1, 1]))).ok
        assert "int64, float64" in str(check_function(function, (x, np.array([0, 1, 2**40]))))


MAKERS = {
    "torch": (module_of_torch, (of_torch, of_numpy)),
    "tensorflow": (layer_of_keras, (of_tensorflow, of_keras, of_torch, of_numpy)),
    "jax": (module_of_flax, (of_jax, of_torch, of_numpy)),
}


@pytest.mark.parametrize("breaks", [False, True], ids=["works", "raises"])
@pytest.mark.parametrize("name", MAKERS)
def test_everything_is_as_it_was(name: str, breaks: bool) -> None:
    make, settings = MAKERS[name]
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    frameworks.load(name)  # the tests own their process, and what they set is set when a framework is loaded
    function, inputs, state = make(breaks=breaks)
    before = [setting() for setting in settings], state()
    with torch.no_grad():
        if breaks:
            with pytest.raises(UserError, match="broken on purpose"):
                check_function(function, inputs)
        else:
            report = check_function(function, inputs)
            assert report.verdict == "right", str(report)
    assert ([setting() for setting in settings], state()) == before


def test_the_compiler_is_not_imported_for_those_who_do_not_compile_and_is_put_back_for_those_who_do() -> None:
    script = """
import sys, torch
from gradwitness import check_function

assert check_function(torch.sin, (torch.ones(2),)).ok
assert "torch._inductor" not in sys.modules
assert check_function(torch.sin, (torch.ones(2),), modes=("inductor",)).ok
assert not torch._inductor.config.deterministic and not torch.are_deterministic_algorithms_enabled()
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_profiler_that_is_running_goes_on() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    profiler = cProfile.Profile()
    with profiler:
        assert check_function(tf.tanh, (tf.constant([0.5]),)).verdict == "right"
        random.gauss(0, 1)
    names = {name for _, _, name in pstats.Stats(profiler).stats}
    assert {"check_function", "gauss"} <= names


@pytest.mark.parametrize("slow", [-1.0, float("inf")])
def test_a_loop_of_jax_is_compiled_once(slow: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of jit JAX compiles it at each call. Quick ones come from the cache of programs; slow ones are kept."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    programs, loops = [importlib.import_module(f"gradwitness.subjects.tensors.jax.{name}") for name in ("programs", "loops")]
    monkeypatch.setitem(programs.SETTINGS, "jax_persistent_cache_min_compile_time_secs", 0)  # whatever the machine is like
    monkeypatch.setattr(loops, "SLOW", slow)
    heard: list[str] = []

    def hear(event: str, **_: object) -> None:
        heard.append(event)

    def loop(x: Any) -> Any:
        return jax.lax.scan(lambda c, row: (jax.numpy.tanh(c * row + 0.5), c), jax.numpy.zeros(3), x)[0]

    jax.monitoring.register_event_listener(hear)
    try:
        report = check_function(loop, (jax.numpy.linspace(-1, 1, 12).reshape(4, 3),))
    finally:
        jax.monitoring.unregister_event_listener(hear)
    assert report.verdict == "right"
    made, found = [heard.count(f"/jax/compilation_cache/cache_{what}") for what in ("misses", "hits")]
    if slow > 0:
        assert made < found, "most programs are those of an earlier call"
    else:
        assert made + found < report.evaluations / 2, "a gradient asks for two programs"
