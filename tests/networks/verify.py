"""A framework on the reference's network, and where it differs, the smallest part of it that does."""

from __future__ import annotations

from typing import Any

import adapters
from gradwitness import Disagreement
from gradwitness.arrays import Array
from gradwitness.evidence import Evidence
from gradwitness.subjects.pair import leaves, tree_map
from tests.networks.draw import Drawn, examine
from tests.networks.network import Network


def results(network: Network, evidence: Evidence, adapter: str, mode: str) -> list[Array]:
    """What the adapter's ops, composed, and the framework's differentiation of the whole return: out and every gradient."""
    spelling = adapters.load(adapter)
    framework = spelling.framework
    given = evidence.subject
    static = tree_map(framework.from_numpy, given.static["static"])
    params, *x = tree_map(framework.from_numpy, given.inputs)

    def forward(*tensors: Any) -> Any:
        values = dict(zip(params, tensors, strict=False))
        now = tensors[-1] if x else None
        for name, layer in zip(network.names, network.layers, strict=True):
            own = [values[f"{name}.{parameter}"] for parameter in layer.params]
            now = layer.taken(spelling.ops[layer.op](*[now] * layer.copies, *own, **static[name]))
        return now

    out, grads = framework.vjp(forward, mode)([*params.values(), *x], tree_map(framework.from_numpy, given.cotangent))
    return [framework.to_numpy(a) for a in (*leaves(out), *grads)]


def verify(drawn: Drawn, adapter: str, mode: str = "eager") -> dict[str, float]:
    """The worst distance of each result from the truth, in units of rounding spread.

    Raises Disagreement where the framework differs: it names the network's seed, layers and shapes, and the smallest run of
    layers that differs by itself, which is one layer where one op is wrong.
    """
    network, evidence = drawn.network, drawn.evidence
    try:
        return evidence.judge(results(network, evidence, adapter, mode))
    except Disagreement as found:
        found.add_note(f"network {network.seed} on {adapter}, {evidence.dtype}, {mode}:\n{network}")
        found.add_note(_blame(network, evidence.dtype.name, adapter, mode))
        raise
    except Exception as error:
        error.add_note(f"network {network.seed} on {adapter}, {evidence.dtype}, {mode}:\n{network}")
        raise


def smallest(network: Network, dtype: str, adapter: str, mode: str) -> tuple[Network, Disagreement] | None:
    """The shortest run of layers that differs by itself, with what reaches it as its input; None where only the whole does. A run
    that sits on a kink, such as what comes after a relu's zeros alone, cannot be told right from wrong and is passed over.
    """
    layers = len(network.layers)
    for length in range(1, layers):
        for first in range(layers - length + 1):
            if first == 0 or network.layers[first].copies:
                part = network.part(first, first + length)
                examined = examine(part, dtype)
                if isinstance(examined, Drawn):
                    try:
                        examined.evidence.judge(results(part, examined.evidence, adapter, mode))
                    except Disagreement as found:
                        return part, found
    return None


def _blame(network: Network, dtype: str, adapter: str, mode: str) -> str:
    found = smallest(network, dtype, adapter, mode)
    if found is None:
        return "no part of it differs by itself"
    part, disagreement = found
    return f"the smallest part that differs by itself, {', '.join(layer.op for layer in part.layers)}:\n{part}\n{disagreement}"
