"""The frameworks' own dropout, each under the mask that it drew.

The matrix verifies dropout under a given mask, which the frameworks' own cannot take. The mask that they draw for a seed
shows in what they do to ones; the reference takes it from there.
"""

from functools import partial
from importlib import import_module

import numpy as np
import pytest

import adapters
from conformance.having import having
from conformance.run import subject
from gradwitness.evidence import Evidence
from reference import OPS, Case

RATE, SEED, SHAPE = 0.4, 7, (6, 9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", adapters.NAMES)
def test_dropout_under_a_mask_of_its_own(name: str, dtype: str) -> None:
    framework = having(name, "ops", "dropout").framework
    native = partial(import_module(f"adapters.{name}.random").dropout, rate=RATE, seed=SEED)
    mask = framework.to_numpy(native(framework.from_numpy(np.ones(SHAPE, dtype)))) != 0
    assert 0 < mask.sum() < mask.size
    case = Case("drawn", lambda rng: (rng.normal(size=SHAPE),), {"mask": mask, "rate": RATE})
    told = Evidence.of(subject(OPS["dropout"], case), dtype)
    args = [framework.from_numpy(a) for a in told.subject.inputs]
    out, grads = framework.vjp(native, "eager")(args, framework.from_numpy(told.subject.cotangent))
    told.judge([framework.to_numpy(a) for a in (out, *grads)])
