"""What the reference aims at, and whether it gets there: the lines below the tables."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.plan import Implementation
from benchmarks.results import Results
from benchmarks.sizes import ASKED_OF_MODELS, ASKED_OF_OPS, ASKED_OF_PEERS, PEERS

TORCH = Implementation("torch", "eager", "cpu")


def lines(results: Results) -> Iterator[str]:
    """One for each model or op and size that something is asked of and that was timed."""
    for group in results.samples:
        name, size, phase = group
        asked = {"step": ASKED_OF_MODELS, "forward+backward": ASKED_OF_OPS}.get(phase, {}).get(name)
        if asked and (found := results.ratio(group, TORCH)):
            yield (
                f"{name} {size}, {phase}: {1 / found[0]:.2f} ±{found[1]:.0%} of PyTorch eager's time; at most {asked:g} asked: "
                f"{_verdict(1 / found[0] <= asked)}"
            )
        for peer in PEERS if phase == "step" else ():
            if found := results.ratio(group, Implementation(peer, "eager", "cpu")):
                yield (
                    f"{name} {size}, {phase}: {found[0]:.2f} ±{found[1]:.0%} times as fast as {peer}; at least "
                    f"{ASKED_OF_PEERS:g} asked: {_verdict(found[0] >= ASKED_OF_PEERS)}"
                )


def _verdict(reached: bool) -> str:
    return "reached" if reached else "not reached"
