"""Monte Carlo arithmetic for JAX: what rounding alone can do to any function that can be traced.

    measure(function, arguments, dtype, seed=0) -> [Measured(truth, spread, projection) of each floating array that it returns]

The function is traced once, in the dtype under test, to a jaxpr, whose every variable has a dtype. The jaxpr is then interpreted
with values in float64: each primitive rounds at random by as much as the dtype of its result does. Loops, branches, `jit`,
rematerialisation and custom rules are entered.

    interpreter.py   the jaxpr with float64 values
    primitives.py    how each primitive rounds: never, once, or as a sum of n terms
    constants.py     the numbers of the source
    noise.py         `Noise`, the random roundings
    exact.py         a function without the rounding of the casts inside it, for differences

The interpreter itself is compiled once; the truth and every run are calls of one program, with other random numbers. These are
NumPy's, and no key of the caller's is used. The last programs are kept: a function that is checked again, at another point, is
not compiled again (structure.py tells whether it is the same).

Constants of the program are numbers of the source in float64 (constants.py): eps = 1e-8, which JAX makes 0 in float16, is 1e-8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import SAMPLES, Measured, from_runs
from gradwitness.rounding.framework import FEW, ITERATIONS, MAGNIFIED, TIMES, UNENDING, NotWatched
from gradwitness.rounding.jax.constants import Finer, finer, in_float64, numbered
from gradwitness.rounding.jax.interpreter import evaluate, largest_array
from gradwitness.rounding.jax.noise import Noise, is_floating, pool, wide
from gradwitness.rounding.jax.structure import structure
from gradwitness.rounding.same import Same, Unlike
from gradwitness.rounding.widths import width

__all__ = ["NotWatched", "measure"]


def measure(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    dtype: Any,
    *,
    seed: int = 0,
    samples: int = SAMPLES,
    source: tuple[Callable[..., Any], Sequence[Any]] | None = None,
) -> list[Measured]:
    """Truth and spread of each floating array that function(*arguments) returns, in the order of its leaves.

    function    what it returns is a pytree of arrays
    arguments   pytrees of arrays
    dtype       the dtype under test
    source      the same function and its arguments in float64, which tell the numbers of its source; as they are if not given

    Raises arithmetic.Unstable if rounding alone makes a finite result inf or nan, and NotWatched where the function cannot be
    traced (it decides by values of its arguments) or calls code that is not JAX's.
    """
    magnified = MAGNIFIED if width(dtype).name == "float64" else 1.0
    traced = _traced(function, arguments)
    floats = [is_floating(aval.dtype) for aval in traced.out_avals]
    leaves = jax.tree.leaves(list(arguments))

    with jax.enable_x64(True):
        constants = finer(*(source or (function, in_float64(arguments))), traced)
        values = [wide(value) for value in leaves]
        compiled = _program(traced, constants)
        largest = largest_array(traced.jaxpr)

        def results(noise: Any, most: int) -> tuple[list[Array], int]:
            found, taken = compiled(noise, np.int32(most), *values)
            if taken >= most:
                raise NotWatched(UNENDING)
            return [np.asarray(value) for value, floating in zip(found, floats, strict=True) if floating], int(taken)

        truths, taken = results(np.zeros_like(pool(seed, 0, magnified, largest)), ITERATIONS)
        most = max(FEW, TIMES * taken)
        runs = (results(pool(seed, sample, magnified, largest), most)[0] for sample in range(samples))
        return from_runs(truths, runs, magnified=magnified, sliced=True)


def _program(traced: Any, constants: Finer) -> Callable[..., Any]:
    """The interpreter, compiled. A program that does the same as an earlier one is not compiled again."""
    try:
        same = Same((traced, constants), (structure(traced.jaxpr, traced.consts), numbered(constants, traced.jaxpr)))
    except Unlike:
        return _compiled(traced, constants)
    return _kept(same)


@lru_cache(64)
def _kept(program: Same) -> Callable[..., Any]:
    return _compiled(*program.what)


def _compiled(traced: Any, constants: Finer) -> Callable[..., Any]:
    def run(pool: Any, most: Any, *values: Any) -> tuple[list[Any], Any]:
        noise = Noise(pool, finer=constants, most=most)
        noise.counts = []
        found = evaluate(traced.jaxpr, traced.consts, values, noise)
        return found, jnp.max(jnp.stack([jnp.int32(0), *noise.counts]))

    compiled: Callable[..., Any] = jax.jit(run, compiler_options={"xla_backend_optimization_level": 0})
    return compiled


def _traced(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    try:
        with np.errstate(all="ignore"):  # a number of the source may overflow the dtype
            return jax.make_jaxpr(function)(*arguments)
    except (jax.errors.JAXTypeError, jax.errors.JAXIndexError) as error:  # it asks a traced array for its value
        raise NotWatched(f"the function cannot be traced: {str(error).partition(chr(10))[0]}") from error
