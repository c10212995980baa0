"""Which explanations name which kind of mistake.

A kind of explanation (`Explanation.kind`) is right for a kind of mistake (`Mutant.label`) if a reader who is told the first looks
for the second. The sentence itself is true in any case: the repair that it names was proven.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.rewriting.mutant import STATISTICS

FACTOR = frozenset(["factor", "derivative", "constant factor", "cotangent", "sign"])
"""A product has one factor too few, too many, or another one."""
TERM = frozenset(["term", "zero"])
"""A sum has one term too few, too many, or another one; zero where the only one is missing."""
PLACES = frozenset(["mask", "element"])

RIGHT: Mapping[str, frozenset[str]] = {
    "missing factor": FACTOR | TERM | {"mask"},  # a mask is a factor, and so is a sign
    "doubled factor": FACTOR | TERM,
    "wrong constant": FACTOR | TERM | {"statistics"},
    "flipped sign": FACTOR | TERM | {"sign", "mask"},
    "dropped term": FACTOR | TERM | {"statistics", "series", "mask"},
    "detached statistics": frozenset(["statistics", "term"]),
    "swapped operands": FACTOR | TERM | {"sign", "transposed", "exchanged"},
    "wrong tensor": FACTOR | TERM | {"exchanged", "missing sum", "mask"},
    "stale or overwritten cache": FACTOR | TERM | {"exchanged"},
    "forward value in place of its derivative": FACTOR | TERM | {"mask"},  # a derivative may be 0 or 1
    "pre- for post-activation": FACTOR | TERM,
    "epsilon dropped": frozenset(["epsilon", "factor", "statistics"]),
    "wrong mask": PLACES | {"zero", "sign", "term", "factor", "derivative", "constant factor"},
    "mask dropped": PLACES | {"zero", "term", "factor", "derivative", "constant factor"},
    "mask with its boundary": PLACES | {"zero"},
    "sum for mean": frozenset(["constant factor", "statistics", "missing sum", "factor", "term"]),
    "N-1 for N": frozenset(["constant factor", "statistics", "factor", "term"]),
    "missing sum": frozenset(["missing sum", "extra sum", "series", "term"]),
    "wrong axis": frozenset(["missing sum", "extra sum", "transposed", "statistics"]),
    "transposed operand": frozenset(["transposed", "shape", "shifted"]),
    "stale value": frozenset(["shifted", "series", "term", "factor"]),
    "last one dropped": frozenset(["series", "term", "element", "mask", "zero"]),
    "first one dropped": frozenset(["series", "term", "element", "mask", "zero"]),
    "overwritten in place of accumulated": frozenset(["series", "term"]),
    "wrong flag": frozenset(["shifted", "sign", "factor", "term", "mask"]),
    "argument dropped": frozenset(["factor", "term", "constant factor", "missing sum", "shape"]),
    "one entry zeroed": frozenset(["element"]),
    "relative perturbation of 1e-2": frozenset(["element"]),
    "relative perturbation of 1e-4": frozenset(["element"]),
    "relative perturbation of 1e-6": frozenset(["element"]),
}
"""Kind of mistake -> kinds of explanations that name it."""


NORMALISING = ("unit", "cosine_similarity", "cosine_embedding", "softmax", "log_softmax")
"""Modules, besides those of `STATISTICS`, whose backward has terms for a length or a sum."""
FORMULAS = frozenset(["formula", "normalised"])
"""Kinds that give the right gradient and do not say what is wrong with the one that came."""


def named(label: str, kind: str, where: str) -> str:
    """What an explanation of this kind is for a mistake in a function.

    named         it names the mistake
    repaired      the right gradient is given, not the mistake
    unexplained   there is none
    wrong         it names another mistake
    """
    if not kind:
        return "unexplained"
    if kind in FORMULAS:
        return "repaired"
    normalises = any(module in where.split(".") for module in (*STATISTICS, *NORMALISING))
    return "named" if kind in RIGHT[label] or (kind == "statistics" and normalises) else "wrong"
