"""What was measured over all mutants, from the file that `python -m trust trained --update-docs` writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent.parent / "trust" / "results" / "trained.json"


def over_all(found: dict[str, Any] | None = None) -> list[str]:
    """The figures in sentences. found is what the file holds."""
    found = json.loads(FILE.read_text()) if found is None else found
    every, source, down = found["all"], found["in source"], found["loss goes down"]
    rules = [name for name in down if name not in ("wrong gradients", "down", "as low", "same", "raises")]
    caught = ", ".join(f"{name} {down[name]:,}" for name in rules)
    alarms = ", ".join(f"{name} {len(ops)}" for name, ops in found["right"]["called wrong"].items())
    return [
        f"That was one mistake. {every['wrong gradients']:,} wrong gradients in {found['right']['ops']} ops were trained so.",
        f"With {_share(every, 'down')} the loss goes down: who looks at the loss alone misses them.",
        f"With {_share(every, 'as low')} it even ends as low as in a right run.",
        f"{source['wrong gradients']:,} of all are a mistake in a line of source:",
        f"with {_share(source, 'down')} of these it goes down.",
        f"Of the {down['wrong gradients']:,} with which it goes down these find: {caught}.",
        f"Of {found['right']['ops']} right ops these call wrong: {alarms}. (Measured by python -m trust trained.)",
    ]


def _share(counts: dict[str, int], key: str) -> str:
    return f"{counts[key]:,} ({counts[key] / counts['wrong gradients']:.0%})"
