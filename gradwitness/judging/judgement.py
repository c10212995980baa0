"""The verdict about one gradient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from gradwitness.judging.locate import Wrong


@dataclass
class Judgement:
    """About one gradient.

    wrong      its wrong elements that were found
    blocks     how many more parts of it disagree that were not searched to the end
    together   elements of which each may be right and all together are wrong: tied ones, at a kink
    still      whether nothing moved: forward returned the same value wherever this array was moved
    nearby     whether it is a kink, and the claim no slope at the point but one of those nearby, or between them
    inside     whether it is a kink, and the claim what members of several parts inside the function make together
    hidden     elements beside which forward has no slope, and of which nothing can be told; all others are judged
    sight      the smallest error of any one element that would have been seen, relative to the largest element of the gradient
    """

    verdict: Literal["right", "wrong", "kink", "jump", "undefined", "cannot tell"] = "right"
    wrong: list[Wrong] = field(default_factory=list)
    blocks: int = 0
    sight: float = np.nan
    together: list[tuple[int, ...]] = field(default_factory=list)
    still: bool = False
    nearby: bool = False
    inside: bool = False
    hidden: list[tuple[int, ...]] = field(default_factory=list)
