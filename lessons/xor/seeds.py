"""How often a network learns XOR: the same setting with other seeds."""

from __future__ import annotations

from dataclasses import replace

from conformance import loops
from lessons.columns import Watch, complete, run
from lessons.xor.setting import Setting, learned


def learning_seeds(setting: Setting, count: int, watch: Watch) -> list[int]:
    """Which of the seeds 0, ..., count - 1 learn XOR. Raises KeyboardInterrupt after Ctrl-C."""
    found = []
    for seed in range(count):
        other = replace(setting, seed=seed)
        loop = loops.reference(other.recipe)
        if learned(complete(run(loop, other.epochs, watch(f"numpy: {setting}, seed {seed}")), other.epochs)):
            found.append(seed)
    return found
