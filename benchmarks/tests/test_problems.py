"""What is timed stays on the ground that was verified: thousands of steps on one batch neither overflow nor end in zeros."""

from __future__ import annotations

from itertools import islice

import pytest

from benchmarks.problems import SMALLER, forget, point, trained


@pytest.mark.parametrize("model", SMALLER)
def test_a_loss_that_steep_is_trained_slowly(model: str) -> None:
    """At the rate of the other networks the first is infinite after 17 steps, and the second zero after 100."""
    *_, last = islice(trained(model, point(model, "4x784x512x32")), 60)
    first = next(trained(model, point(model, "4x784x512x32")))
    forget()
    assert 0.5 * first.loss < last.loss < first.loss
