"""Where an implementation is put. With a stand-in, what is written for a GPU runs on a CPU: to see it work, not to time it."""

from __future__ import annotations

import os

VARIABLE = "GRADWITNESS_STAND_IN"
"""Set in the environment: "cuda" means the CPU in this process and those that it starts. What is timed then is no GPU."""
NAME = "a CPU standing in for a GPU"


def stand_in() -> bool:
    """Whether the CPU stands in for a GPU."""
    return bool(os.environ.get(VARIABLE))


def actual(device: str) -> str:
    """The device on which tensors are put."""
    return "cpu" if stand_in() else device
