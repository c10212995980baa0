"""Monte Carlo arithmetic inside the frameworks, measured on every op of the catalogue.

    python -m benchmarks.rounding [--adapter NAME] [--op NAME] [--dtype NAME] [--update-docs]

Two questions, on the generic case of each op:

- How far is the framework's own result from the truth, in units of the spread that is measured inside the framework? Three times
  the worst of a dtype is its K (gradwitness/verdict/limits.py).
- How does that spread compare with the one of the reference's hand-written pair, in float32?

With --update-docs the figures are written into docs/reference/spreads.md.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import adapters
from conformance.extras import require
from conformance.run import subject
from gradwitness import frameworks
from gradwitness.arrays import Array
from gradwitness.evidence import Evidence
from gradwitness.rounding.arithmetic import Measured
from gradwitness.subjects.pair import leaves, tree_map
from gradwitness.verdict import Disagreement, judge_projection, judge_slices, judge_values
from reference import OPS

DTYPES = ("float32", "bfloat16", "float16")
FRAMEWORKS = ("torch", "tensorflow", "jax")


@dataclass(frozen=True)
class Row:
    """An op in a framework and a dtype, on its generic case.

    distance     the worst distance of an element from the truth, in units of spread
    projection   that of all elements of a result together
    slices       that of the elements of a slice together, a row or a channel
    ratios       for each result, the spread inside the framework over that of the reference; in float32 alone. Root mean squares
                 over the tensor; None where both are zero
    absent       why there are no figures
    """

    adapter: str
    op: str
    dtype: str
    distance: float = 0.0
    projection: float = 0.0
    slices: float = 0.0
    ratios: tuple[float | None, ...] = ()
    absent: str = ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is selected and print it."""
    require("bench", "rich")
    from rich.console import Console
    from rich.progress import track

    from benchmarks import spreads_page

    asked = _parser().parse_args(arguments)
    frameworks.own_process()
    places = [(a, o, d) for a in asked.adapter or FRAMEWORKS for o in asked.op or OPS for d in asked.dtype or DTYPES]
    rows = [row(*place) for place in track(places, console=Console(stderr=True))]
    for each in rows:
        print(spreads_page.line(each))  # noqa: T201
    if asked.update_docs:
        spreads_page.write(rows)
    else:
        print("To write these figures into docs/reference/spreads.md, add --update-docs to the command.")  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rounding", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--adapter", action="append", default=[], choices=FRAMEWORKS, help="this framework only; repeatable")
    parser.add_argument("--op", action="append", default=[], choices=OPS, metavar="NAME", help="this op only; repeatable")
    parser.add_argument("--dtype", action="append", default=[], choices=DTYPES, help="this dtype only; repeatable")
    parser.add_argument("--update-docs", action="store_true", help="write the figures into docs/reference/spreads.md")
    return parser


def row(name: str, op: str, dtype: str) -> Row:
    """The figures of an op in a framework and a dtype, or why there are none."""
    try:
        adapter = adapters.load(name)
        if absent := adapter.missing("ops", op):
            return Row(name, op, dtype, absent=absent)
        return _measured(adapter, op, dtype)
    except Exception as error:  # a kernel that does not exist in a dtype raises whatever its framework raises
        return Row(name, op, dtype, absent=f"{type(error).__name__}: {error}".partition("\n")[0])
    finally:
        if "jax" in sys.modules:
            sys.modules["jax"].clear_caches()


def _measured(adapter: Any, op: str, dtype: str) -> Row:
    point = subject(OPS[op], OPS[op].cases[0]).rounded(_numpy_dtype(dtype))
    put = partial(_tensor, adapter, dtype)
    function = adapter.framework.vjp(partial(adapter.ops[op], **tree_map(put, dict(point.static))))
    arguments = tree_map(put, point.inputs), tree_map(put, point.cotangent)
    out, grads = function(*arguments)
    values = [_float64(tensor) for tensor in (*leaves(out), *grads)]
    measured = importlib.import_module(f"gradwitness.rounding.{adapter.name}").measure(function, arguments, dtype)
    distance = max(_units(judge_values, v, m, dtype) for v, m in zip(values, measured, strict=True))
    together = max(_units(judge_projection, v, m, dtype) for v, m in zip(values, measured, strict=True))
    sliced = max(_units(judge_slices, v, m, dtype) for v, m in zip(values, measured, strict=True))
    ratios: tuple[float | None, ...] = ()
    if dtype == "float32":
        reference = Evidence.of(point, np.dtype(dtype)).measured
        ratios = tuple(_ratio(m, r) for m, r in zip(measured, reference, strict=True))
    return Row(adapter.name, op, dtype, distance, together, sliced, ratios)


def _units(judge: Any, values: Array, measured: Measured, dtype: str) -> float:
    try:
        return float(judge("result", values, measured, dtype))
    except Disagreement as disagreement:
        return float(disagreement.ratio)


def _ratio(measured: Measured, reference: Measured) -> float | None:
    ours, theirs = (float(np.sqrt(np.mean(np.square(m.spread)))) for m in (measured, reference))
    if not ours and not theirs:
        return None
    return ours / theirs if theirs else float("inf")


def _numpy_dtype(name: str) -> np.dtype[Any]:
    if name != "bfloat16":
        return np.dtype(name)
    import ml_dtypes

    dtype: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return dtype


def _tensor(adapter: Any, dtype: str, array: Array) -> Any:
    """An array as a tensor; one of floats in the dtype under test, which holds its values."""
    if array.dtype.kind in "iub":
        return adapter.framework.from_numpy(array)
    tensor = adapter.framework.from_numpy(array.astype(np.float32))
    if adapter.name == "torch":
        import torch

        return tensor.to(getattr(torch, dtype))
    if adapter.name == "tensorflow":
        import tensorflow as tf

        return tf.cast(tensor, dtype)
    return tensor.astype(dtype)


def _float64(tensor: Any) -> Array:
    """The values of a tensor, in float64."""
    if hasattr(tensor, "detach"):
        return np.asarray(tensor.detach().double().numpy())
    return np.asarray(tensor.numpy() if hasattr(tensor, "numpy") else tensor).astype(np.float64)


def worst(rows: Sequence[Row], dtype: str) -> Iterator[tuple[Row, Row, Row]]:
    """For each framework in a dtype: its rows of the largest distance of an element, of all together, and of a slice."""
    for name in FRAMEWORKS:
        these = [each for each in rows if (each.adapter, each.dtype) == (name, dtype) and not each.absent]
        if these:
            yield (
                max(these, key=lambda each: each.distance),
                max(these, key=lambda each: each.projection),
                max(these, key=lambda each: each.slices),
            )


if __name__ == "__main__":
    main()
