"""Nothing that a user imports changes the process; what is reproducible is so inside a `with`, and as before after it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gradwitness import frameworks

ROOT = Path(__file__).parent.parent

STATE = {
    "torch": """
import torch
def state():
    return [
        torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark,
        torch.get_num_threads(), torch.is_grad_enabled(), str(torch.get_default_dtype()), torch.initial_seed(),
        torch.get_float32_matmul_precision(),
    ]
""",
    "tensorflow": """
import tensorflow as tf, keras
from tensorflow.python.framework import config
def state():
    return [
        config.is_op_determinism_enabled(), config.tensor_float_32_execution_enabled(), tf.get_logger().level,
        tf.config.threading.get_intra_op_parallelism_threads(), keras.config.floatx(), keras.config.epsilon(),
        tf.config.functions_run_eagerly(),
    ]
""",
    "jax": """
import jax
def state():
    return [jax.config.jax_enable_x64, str(jax.config.jax_default_matmul_precision), jax.config.jax_debug_nans]
""",
}
COMMON = """
import json, os, random, numpy as np
def process():
    values = {f"environment {name}": value for name, value in os.environ.items()} | dict(enumerate(map(repr, state())))
    values.pop("environment TORCHINDUCTOR_CACHE_DIR", None)  # PyTorch notes its own default there
    values["errors"], values["random"] = repr(np.geterr()), hash(random.getstate())
    return values | {"numpy": hash(np.random.get_state()[1].tobytes())}
def changed(before, after):
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {str(name): [before.get(name), after.get(name)] for name in names}
"""


def run(name: str, program: str) -> Any:
    """What a program prints as JSON, in a process of its own, after the framework's own import."""
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    source = STATE[name] + COMMON + program
    done = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", STATE)
def test_importing_changes_nothing(name: str) -> None:
    assert (
        run(
            name,
            f"""
before = process()
import gradwitness, adapters
from gradwitness import frameworks
frameworks.load({name!r})
adapters.load({name!r})
print(json.dumps(changed(before, process())))
""",
        )
        == {}
    )


@pytest.mark.parametrize("name", STATE)
def test_what_is_reproducible_ends_with_the_context_also_after_an_exception(name: str) -> None:
    inside, after, raised = run(
        name,
        f"""
from gradwitness import frameworks
frameworks.load({name!r})
before = process()
with frameworks.reproducible({name!r}):
    inside = process()
after = process()
try:
    with frameworks.reproducible({name!r}):
        raise ZeroDivisionError
except ZeroDivisionError:
    pass
print(json.dumps([changed(before, now) for now in (inside, after, process())]))
""",
    )
    assert inside != {}
    assert after == {}
    assert raised == {}


def test_float64_without_x64_is_refused_with_the_cure() -> None:
    message = run(
        "jax",
        """
from gradwitness import frameworks
try:
    frameworks.load("jax").from_numpy(np.ones(2))
except TypeError as error:
    print(json.dumps(str(error)))
""",
    )
    assert "jax stores float64 as float32" in message
    assert "with frameworks.reproducible('jax')" in message


@pytest.mark.parametrize("name", STATE)
def test_the_matrix_owns_its_process(name: str) -> None:
    owned, inside = run(
        name,
        f"""
import conformance
from gradwitness import frameworks
frameworks.load({name!r})
owned = state()
with frameworks.reproducible({name!r}):
    print(json.dumps([owned, state()]))
""",
    )
    assert owned == inside


def test_a_context_of_jax_s_own_inside_an_owned_process_ends_as_it_should() -> None:
    inside, after = run(
        "jax",
        """
import conformance
from gradwitness import frameworks
frameworks.load("jax")
with jax.enable_x64(False):
    with frameworks.reproducible("jax"):
        inside = state()
print(json.dumps([inside[0], state()[0]]))
""",
    )
    assert (inside, after) == (True, True)
