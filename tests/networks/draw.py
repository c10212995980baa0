"""A network at random, from a seed: the same one on every machine, whatever else is drawn.

A draw is given up where nothing could be told from it, by two rules. Both look at the reference's forward alone and are asked
before any framework is, so that no wrong gradient, on either side, changes what is drawn:

kink    a decision hangs on rounding (gradwitness/derivative/kinks.py): two honest gradients there belong to two pieces
blind   what comes in no longer shows in what comes out: a tenth more or less of it moves the result by less than a hundred times
        what rounding is allowed to. No gradient this far from the loss could be seen to be wrong

Left out in a dtype is an op that differs there on its generic case in some framework: that is on record with its reason in
conformance/known_differences.toml, and here it would only hide what else a network has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from conformance.known import differences
from gradwitness.arrays import Array, wider
from gradwitness.derivative.kinks import nearest
from gradwitness.evidence import Evidence
from gradwitness.rounding.arithmetic import Measured
from gradwitness.subjects.pair import floats_to, tree_map
from gradwitness.verdict import K
from reference import OPS
from tests.networks import anywhere, losses, recurrent, signals
from tests.networks.anywhere import Rule
from tests.networks.dice import Dice
from tests.networks.network import Layer, Network

BODY = 9
"""The most layers before the loss, but for a last one that leaves two axes and one that puts a loss's argument in its domain."""
LARGEST = 1600
"""Elements that may go from one layer to the next."""
DRAWS = 20
"""The most draws for one seed; over 1,500 seeds five were needed at most."""
SEEN = 100
"""How many times as large as its allowance a number must be for a wrong one to show."""


@dataclass(frozen=True)
class Drawn:
    """A network, what the reference says of it, and why draws before it were given up."""

    network: Network
    evidence: Evidence
    given_up: list[str] = field(default_factory=list)


def draw(seed: int, dtype: str) -> Drawn:
    """The network of a seed in a dtype: the first of its draws that something can be told from."""
    reasons: list[str] = []
    for attempt in range(DRAWS):
        found = examine(compose(Dice(seed, attempt), dtype, seed), dtype)
        if isinstance(found, Drawn):
            return Drawn(found.network, found.evidence, reasons)
        reasons.append(found)
    raise AssertionError(f"network {seed} in {dtype}: nothing to be told from {DRAWS} draws, because of {', '.join(reasons)}")


def examine(network: Network, dtype: str) -> Drawn | str:
    """The network with its evidence, or why it is given up."""
    if (kink := nearest(network.subject, dtype)).within_rounding:
        return f"kink: {kink}"
    evidence = Evidence.of(network.subject, dtype)
    return "blind: what comes in does not show in what comes out" if blind(network, evidence) else Drawn(network, evidence)


def blind(network: Network, evidence: Evidence) -> bool:
    """Whether the result stays where it is, but for rounding, when what comes in moves by a tenth of its scale."""
    wide = floats_to(wider(evidence.dtype))
    given, rng = tree_map(wide, evidence.subject.inputs), np.random.default_rng((network.seed, 4))
    first = "x" if network.x is not None else next(iter(network.params))

    def moved(array: Array) -> Array:
        return array + 0.1 * np.sqrt((array**2).mean()) * rng.normal(size=array.shape)

    params = {name: moved(array) if name == first else array for name, array in given[0].items()}
    out, _ = network.forward(params, *map(moved, given[1:]), **tree_map(wide, evidence.subject.static))
    return not visible(out - evidence.measured[0].truth, evidence.measured[0])


def visible(values: Array, measured: Measured) -> bool:
    """Whether the largest of values is large beside what rounding is allowed to do."""
    return bool(np.abs(values).max(initial=0) > SEEN * K * measured.spread.max(initial=0))


@cache
def left_out(dtype: str) -> frozenset[str]:
    """The ops that differ on their generic case in some framework."""
    known = (d for d in differences() if d.op in OPS and dtype in d.dtype and "eager" in d.mode)
    return frozenset(d.op for d in known if OPS[d.op].cases[0].id in d.case)


def compose(dice: Dice, dtype: str, seed: int) -> Network:
    """Layers that fit on each other, and a loss that fits on the last of them."""
    out = left_out(dtype)
    x, layers = start(dice)
    now = x if x is not None else _through(layers[0], None)
    for _ in range(dice.size(1, BODY) - len(layers)):
        now = _add(layers, dice, now, body(dice, now, out))
    if now.ndim > 2 and dice.chance(0.7):
        now = _add(layers, dice, now, signals.DOWN)
    for layer in ending(dice, now, out):
        layers.append(layer)
    return Network(layers, x, seed)


def start(dice: Dice) -> tuple[Array | None, list[Layer]]:
    """An image, a sequence, tokens and their embedding, features or a volume."""
    n = dice.size(2, 4)
    match dice.one_of(*["image"] * 5, "sequence", "sequence", "tokens", "features", "volume"):
        case "image":
            return dice.normals(n, dice.size(1, 4), dice.size(3, 6), dice.size(3, 6)), []
        case "sequence":
            return dice.normals(n, dice.size(2, 5), dice.size(2, 6)), []
        case "features":
            return dice.normals(n, dice.size(2, 6)), []
        case "volume":
            return dice.normals(2, dice.size(1, 3), dice.size(2, 3), dice.size(2, 4), dice.size(2, 4)), []
    rows, width = dice.size(4, 9), dice.size(2, 6)
    indices = dice.integers(n, dice.size(2, 5), below=rows)
    return None, [Layer("embedding", {"weight": dice.normals(rows, width)}, {"indices": indices}, copies=0)]


def body(dice: Dice, x: Array, out: frozenset[str]) -> Mapping[str, Rule]:
    """Rules, one of which is to make the next layer: an activation, what leaves two axes, or a layer for x's axes or for any."""
    own = {2: recurrent.FEATURES, 3: recurrent.SEQUENCES | signals.SEQUENCES, 4: signals.IMAGES, 5: signals.VOLUMES}[x.ndim]
    if dice.chance(0.25):
        rules = anywhere.ACTIVATIONS
    elif x.ndim > 2 and dice.chance(0.08):
        rules = signals.DOWN
    elif x.ndim > 2 and dice.chance(0.6):
        rules = own | signals.WITH_CHANNELS
    else:
        rules = own | anywhere.LAYERS
    return {op: rule for op, rule in rules.items() if op not in out}


def ending(dice: Dice, x: Array, out: frozenset[str]) -> list[Layer]:
    """A loss, and what puts its argument in its domain."""
    endings = losses.ANY_SHAPE
    if x.ndim == 2 and x.shape[1] > 1 and dice.chance(0.7):
        endings = losses.FEATURES
    elif x.ndim == 3 and x.shape[1] > 1 and x.shape[2] > 1 and "ctc" not in out and dice.chance(0.3):
        endings = losses.SEQUENCES
    chosen: list[Layer] = dice.one_of(*(make for op, make in endings.items() if op not in out))(dice, x)
    return chosen


def _add(layers: list[Layer], dice: Dice, x: Array, rules: Mapping[str, Rule]) -> Array:
    """One more layer by one of the rules; what comes out of it. By another rule where one does not fit or makes too much."""
    for op in dice.rng.permutation(sorted(rules)):
        layer = rules[op](dice, x)
        if layer is not None and (y := _through(layer, x)).size <= LARGEST:
            layers.append(layer)
            return y
    return x


def _through(layer: Layer, x: Array | None) -> Any:
    out, _ = OPS[layer.op].forward(*[x] * layer.copies, *layer.params.values(), **layer.static)
    return layer.taken(out)
