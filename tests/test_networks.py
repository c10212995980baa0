"""Random networks: the reference's ops, composed by hand, against the frameworks' differentiation of the same composition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from conformance.having import having
from conformance.matrix import DTYPES
from gradwitness import Disagreement
from gradwitness.evidence import Evidence
from reference import OPS
from tests.networks import GRAMMAR, draw, verify
from tests.networks.draw import Drawn, examine, visible
from tests.networks.network import Layer, Network

NETWORKS = 300


def cells() -> Iterator[tuple[int, str, str]]:
    """Every network eagerly in PyTorch and TensorFlow. JAX compiles each primitive for each shape, which takes two seconds a
    network, and under jit one: it gets every ninth. The steps are odd, for dtypes alternate.
    """
    for seed in range(NETWORKS):
        yield seed, "torch", "eager"
        yield seed, "tensorflow", "eager"
        if seed % 9 == 0:
            yield seed, "jax", "jit"
        if seed % 15 == 0:
            yield seed, "tensorflow", "graph"
        if seed % 75 == 0:
            yield seed, "jax", "eager"


@cache
def drawn(seed: int) -> Drawn:
    return draw.draw(seed, DTYPES[seed % 2])


def test_every_op_may_be_in_a_network() -> None:
    unknown = sorted(set(OPS) - GRAMMAR)
    assert [f"{name}: say in tests/networks what may stand before and after it" for name in unknown] == []


@pytest.mark.parametrize(("seed", "adapter", "mode"), [pytest.param(*cell, id="-".join(map(str, cell))) for cell in cells()])
def test_network(seed: int, adapter: str, mode: str, request: pytest.FixtureRequest) -> None:
    having(adapter)
    try:
        verify.verify(drawn(seed), adapter, mode)
    except Disagreement as found:
        replay = f'replay: python -m pytest "{request.node.nodeid}"'
        pytest.fail("\n".join([str(found), *found.__notes__, replay]), pytrace=False)


def test_the_networks_are_as_various_as_the_grammar_and_nearly_all_of_their_gradients_can_be_seen() -> None:
    networks = [drawn(seed) for seed in range(NETWORKS)]
    used = set().union(*(d.network.ops for d in networks))
    assert used == GRAMMAR, f"never drawn: {sorted(GRAMMAR - used)}"
    assert {len(d.network.layers) for d in networks} == set(range(2, 13))
    measured = [m for d in networks for m in d.evidence.measured]
    seen = sum(visible(m.truth, m) for m in measured)
    assert seen > 0.95 * len(measured), f"{seen} of {len(measured)} results are large beside what rounding is allowed to do"
    given_up = Counter(reason.partition(":")[0] for d in networks for reason in d.given_up)
    assert sum(given_up.values()) < NETWORKS / 3, given_up


PLANTED = ("tanh", "softmax", "layer_norm", "conv2d", "max_pool2d", "lstm", "bidirectional", "batch_norm", "bilinear", "nll")


ON_A_KINK = Network(
    [
        Layer("dropout", {}, {"mask": np.ones((2, 3), bool), "rate": 0.4}),
        Layer("threshold", {}, {"threshold": 1.0, "value": 0.5}),
        Layer("mse", {"target": np.zeros((2, 3))}, {"reduction": "sum"}),
    ],
    np.array([[0.6, 2.0, 3.0], [-1.0, 4.0, 0.1]]),
    seed=0,
)
"""In float32 0.6 is 0.60000002. Divided by 0.6 it is above 1, but by less than can be rounded to anything else than 1."""

CUT_OFF = Network(
    [Layer("threshold", {}, {"threshold": 9.0, "value": 0.5}), Layer("mse", {"target": np.zeros((1, 2))})],
    np.ones((1, 2)),
    seed=0,
)


def test_on_a_kink_rounding_decides_wrong_gradients_would_pass_and_the_network_is_given_up() -> None:
    having("torch")
    evidence = Evidence.of(ON_A_KINK.subject, "float32")
    honest = verify.results(ON_A_KINK, evidence, "torch", "eager")
    assert abs(honest[0] - evidence.measured[0].truth) > 0.5
    evidence.judge(honest)
    evidence.judge([np.float32(1.05) * a for a in honest])
    assert str(examine(ON_A_KINK, "float32")).startswith("kink: greater[0, 0]")


def test_away_from_it_the_same_network_is_kept_and_a_wrong_gradient_shows() -> None:
    having("torch")
    away = examine(replace(ON_A_KINK, x=ON_A_KINK.x + 0.25), "float32")
    assert isinstance(away, Drawn)
    honest = verify.results(away.network, away.evidence, "torch", "eager")
    away.evidence.judge(honest)
    with pytest.raises(Disagreement):
        away.evidence.judge([np.float32(1.00001) * a for a in honest])


def test_a_network_whose_result_does_not_depend_on_what_comes_in_is_given_up() -> None:
    assert str(examine(CUT_OFF, "float32")).startswith("blind")


@pytest.mark.parametrize(("network", "reason"), [(ON_A_KINK, "kink"), (CUT_OFF, "blind")])
def test_what_is_given_up_is_drawn_again_and_counted(network: Network, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right, made = draw.compose, iter([network])
    monkeypatch.setattr(draw, "compose", lambda *arguments: next(made, None) or right(*arguments))
    first, *_ = draw.draw(1, "float32").given_up
    assert first.startswith(reason)


@pytest.mark.parametrize("op", PLANTED)
def test_a_wrong_backward_fails_every_network_that_it_is_in_and_is_named(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    having("torch")
    seeds = [seed for seed in range(60) if op in {layer.op for layer in drawn(seed).network.layers}][:2]
    assert seeds, f"no network of {op} among the first"
    monkeypatch.setitem(OPS, op, replace(OPS[op], backward=_spoiled(OPS[op].backward)))
    for seed in seeds:
        again = draw.draw(seed, DTYPES[seed % 2])
        assert str(again.network) == str(drawn(seed).network)  # a mistake does not choose what it is looked for in
        with pytest.raises(Disagreement) as found:
            verify.verify(again, "torch")
        network, part = found.value.__notes__
        assert network.startswith(f"network {seed} on torch")
        assert str(again.network) in network
        assert part.startswith(f"the smallest part that differs by itself, {op}:")


def test_a_gradient_that_is_lost_on_the_way_is_no_reason_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backward of zeros makes every gradient before it look as if nothing could be seen: the rules look at the forward."""
    having("torch")
    seed = next(seed for seed in range(60) if drawn(seed).network.layers[-1].op == "mse")
    right = OPS["mse"].backward
    lost = replace(OPS["mse"], backward=lambda dout, cache: tuple(0 * grad for grad in right(dout, cache)))
    monkeypatch.setitem(OPS, "mse", lost)
    with pytest.raises(Disagreement):
        verify.verify(draw.draw(seed, DTYPES[seed % 2]), "torch")


def _spoiled(backward: Any) -> Any:
    """The gradient of the first argument a thousandth too large."""

    def wrong(dout: Any, cache: Any) -> tuple[Any, ...]:
        first, *others = backward(dout, cache)
        return first * (1 + 2.0**-10), *others

    return wrong
