"""How each framework differentiates: one module for each framework, imported when it is first asked for.

    spec.py      what is known of a framework without importing it; `specs()` lists them
    protocol.py  what a framework's module offers: arrays in and out, compile, vjp, devices
    process.py   `load(name)`; `reproducible(name)` and `own_process()`
    checks.py    errors that the modules share
    numpy.py, torch.py, tensorflow.py, jax.py

Importing a framework's module changes nothing in the process: float64 in JAX, deterministic algorithms and full-precision matrix
products are in force inside `reproducible(name)` alone, or for good after `own_process()`.

Importing TensorFlow takes about six seconds, PyTorch two, JAX one.
"""

from gradwitness.frameworks.checks import require_device, require_dtype, require_held, require_mode
from gradwitness.frameworks.process import installed, load, own_process, process_is_owned, reproducible, undisturbed
from gradwitness.frameworks.protocol import Array, Framework, Unavailable
from gradwitness.frameworks.spec import GROUP, FrameworkSpec, spec_of, specs

__all__ = [
    "GROUP",
    "Array",
    "Framework",
    "FrameworkSpec",
    "Unavailable",
    "installed",
    "load",
    "own_process",
    "process_is_owned",
    "reproducible",
    "require_device",
    "require_dtype",
    "require_held",
    "require_mode",
    "spec_of",
    "specs",
    "undisturbed",
]
