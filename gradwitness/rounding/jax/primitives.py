"""How each primitive of JAX rounds: never, once, or as a sum of n terms. Nothing here imports JAX.

Primitives in none of these tables are kernels that round inside: their operands are perturbed as well as their results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from gradwitness.rounding.vectors import Vectors


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXACT = _names("""
    abs argmax argmin approx_top_k broadcast broadcast_in_dim ceil clamp complex concatenate conj copy copy_p cummax cummin
    device_put dynamic_slice dynamic_update_slice empty empty2 expand_dims floor gather imag iota is_finite max min name neg
    optimization_barrier pad pbroadcast pvary real reduce_and reduce_max reduce_min reduce_or reshape rev round scatter
    select_and_gather_add select_n reduce_window_max reduce_window_min sharding_constraint sign slice sort split squeeze
    stop_gradient top_k transpose unstack
""")
"""Primitives that select or move, or change a sign."""

OF_COMPLEX = _names("abs sign")
"""Those of them that compute where numbers are complex: the result rounds once."""

ONCE = _names("""
    acos acosh add add_any asin asinh atan atan2 atanh bessel_i0e bessel_i1e cbrt convert_element_type cos cosh digamma div erf
    erf_inv erfc exp exp2 expm1 integer_pow lgamma log log1p logistic mul nextafter polygamma pow reduce_precision rem rsqrt sin
    sinh sqrt square sub tan tanh
""")
"""Arithmetic and elementary functions: the result rounds once."""

PASSES = _names("add add_any sub mul div")
"""Where the result is an operand (x + 0, 1 * x), it is exact."""

NATIVE = _names("bitcast_convert_type nextafter random_bits random_gamma random_wrap random_unwrap random_seed random_fold_in")
"""Primitives that work on the bits of a number, or draw random numbers: they run in the dtypes that they claim."""

CALLS = _names("""
    checkpoint closed_call core_call core_closed_call custom_jvp_call custom_vjp_call custom_vjp_call_jaxpr jit pjit remat remat2
""")
"""Primitives that run another jaxpr."""

FOREIGN = _names("ffi_call io_callback pallas_call pure_callback python_callback tpu_custom_call triton_kernel_call shard_map")
"""Primitives that run code which is not JAX's, or on several devices."""

Length = Callable[..., int]
"""(operands, params) -> the number of terms of each element of the result."""


def _contracted(operands: Any, params: Any) -> int:
    (contracting, _), _ = params["dimension_numbers"]
    return prod(operands[0].shape[axis] for axis in contracting)


def _convolved(operands: Any, params: Any) -> int:
    kernel = operands[1]
    return int(kernel.size // kernel.shape[params["dimension_numbers"].rhs_spec[0]])


CONTRACTIONS: Mapping[str, Length] = {"dot_general": _contracted, "conv_general_dilated": _convolved}
"""Sums of products of two factors -> their length."""


def _axes(operands: Any, params: Any) -> int:
    return prod(operands[0].shape[axis] for axis in params["axes"])


def _along(operands: Any, params: Any) -> int:
    return int(operands[0].shape[params["axis"]])


REDUCTIONS: Mapping[str, Length] = {
    "reduce_sum": _axes,
    "reduce_prod": _axes,
    "cumsum": _along,
    "cumprod": _along,
    "cumlogsumexp": _along,
    "reduce_window_sum": lambda operands, params: prod(params["window_dimensions"]),
    "select_and_scatter_add": lambda operands, params: prod(params["window_dimensions"]),
}
"""Sums -> their length. Others: elements of the largest operand to one of the result."""

SCATTERS = {
    "scatter-add": "scatter_add",
    "scatter_add": "scatter_add",
    "scatter-sub": "scatter_sub",
    "scatter_sub": "scatter_sub",
    "scatter-mul": "scatter_mul",
    "scatter_mul": "scatter_mul",
}
"""Primitives that add values to the elements that an index names, or multiply them -> the function of jax.lax."""

SELECTING = {
    "scatter-max": "scatter_max",
    "scatter_max": "scatter_max",
    "scatter-min": "scatter_min",
    "scatter_min": "scatter_min",
}
"""The same of those that keep the larger or smaller value: exact."""

VECTORS = {"eigh": Vectors((0,)), "svd": Vectors((1,), tied=2, rows=True), "eig": Vectors((1, 2), values=0)}
"""Decompositions -> which of their results are vectors."""
