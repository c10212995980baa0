"""Why one network learns XOR and another does not, in sentences. All of it is computed from the runs."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.script import listed
from lessons.xor.experiment import Experiment
from lessons.xor.geometry import gap, shown
from lessons.xor.setting import Setting, dead, learned


def why(experiments: Sequence[Experiment]) -> list[str]:
    """What parts the runs that learn from those that do not: the gap that the hidden layer makes between the two classes."""
    text = [
        "Why: the output layer can part the four points only by one straight cut through what the hidden units give. There is",
        "a cut if the line from (0, 1) to (1, 0) does not touch the line from (0, 0) to (1, 1). In the plane of the inputs they",
        "cross. The hidden layer has to pull them apart; the gap is their distance there.",
    ]
    opened = []
    for experiment in experiments:
        setting, history = experiment.setting, experiment.history
        before, after = gap(setting.recipe.start()[0]), gap(history.weights[0])
        alive = setting.hidden - dead(history.weights[0])
        text.append(f"With {setting}, of which {alive} {'is' if alive == 1 else 'are'} alive at the end, the gap goes from")
        text.append(f"{shown(before)} to {shown(after)}, and the network {'has' if learned(history) else 'has not'} learned XOR.")
        if learned(history) and 0 < before < after:
            opened.append(str(setting))
    if opened:
        text.append(f"With {listed(opened)} there is a gap at the start, by luck of the seed, and gradient descent widens it.")
        text.append("More hidden units have more luck: --seeds 20 counts it.")
    return text


def counted(luck: Sequence[tuple[Setting, list[int]]], count: int) -> list[str]:
    """How many of the first seeds learn, with each setting."""
    text = [f"Of the seeds 0 to {count - 1}:"]
    parts = [
        f"{len(seeds)} of {count} learn XOR with {setting}, rate {setting.rate:g} ({', '.join(map(str, seeds)) or 'none'})"
        for setting, seeds in luck
    ]
    return [*text, f"{'; '.join(parts)}."]
