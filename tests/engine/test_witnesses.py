"""Three witnesses of one element: which of them is the odd one out?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pytest

from gradwitness import Disagreement
from gradwitness.evidence import Evidence
from gradwitness.subjects.pair import Subject
from gradwitness.witnesses import Witnesses, witnesses

X = np.array([[0.5, -1.0, 2.0], [0.25, 3.0, -0.125]])
WORST = (1, 2)


def cube(x: Any, /) -> tuple[Any, Any]:
    return x**3, x


def of_cube(dout: Any, x: Any) -> tuple[Any]:
    return (3 * dout * x**2,)


def twice_that_of_cube(dout: Any, x: Any) -> tuple[Any]:
    return (6 * dout * x**2,)


def ask(
    backward: Callable[..., Any], framework: float, dtype: str = "float64", result: str = "dx", **subject: Any
) -> Witnesses | None:
    """The witnesses of one element at which a framework returns so many times the right value."""
    evidence = Evidence.of(Subject(cube, backward, (X,), seed=3, **subject), dtype)
    right = Evidence.of(Subject(cube, of_cube, (X,), seed=3, **subject), dtype)
    value = right.measured[evidence.names.index(result)].truth[WORST]
    found = Disagreement(result, WORST, np.dtype(dtype).type(framework * value), value, value, allowance=float(abs(value)) * 1e-6)
    return witnesses(found, evidence)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("backward", "framework", "odd_one_out"),
    [
        (of_cube, 2, "framework"),
        (of_cube, np.nan, "framework"),
        (of_cube, np.inf, "framework"),
        (twice_that_of_cube, 1, "reference"),
        (twice_that_of_cube, 3, "cannot tell"),
    ],
)
def test_the_odd_one_out_is_whom_the_other_two_contradict(
    backward: Callable[..., Any], framework: float, odd_one_out: str, dtype: str
) -> None:
    told = ask(backward, framework, dtype)
    assert told is not None
    assert told.odd_one_out == odd_one_out


def test_each_witness_is_told_with_its_value() -> None:
    told = ask(twice_that_of_cube, 1, "float32")
    assert told is not None
    assert told.numerical is not None
    assert told.native.dtype == np.float32
    assert told.truth.dtype == np.float64
    assert np.float32(told.truth / 2) == told.framework == np.float32(told.numerical.low)
    lines = str(told).splitlines()
    assert [line[2:14].strip() for line in lines] == ["framework", "reference", "numerical", "odd one out"]
    assert lines[1].endswith("in float64")
    assert lines[3] == "  odd one out reference: the numerical derivative agrees with the framework"


def test_of_out_there_are_two_witnesses() -> None:
    told = ask(of_cube, 2, result="out")
    assert told is not None
    assert (told.odd_one_out, told.numerical) == ("cannot tell", None)
    assert told.why == "out is no gradient, so there is no third witness"
    assert "  numerical   none" in str(told)


def test_at_a_kink_the_numerical_witness_is_an_interval() -> None:
    relu = Subject(lambda x: (np.maximum(x, 0), x), lambda dout, x: (dout * (x > 0),), (np.zeros(1),), kink=True, dout=np.ones(1))
    inside, outside = (
        witnesses(Disagreement("dx", (0,), np.float64(value), 0.0, 0.0), Evidence.of(relu, "float64")) for value in (0.5, 2)
    )
    assert inside is not None
    assert outside is not None
    assert (inside.odd_one_out, outside.odd_one_out) == ("cannot tell", "framework")
    assert str(outside.numerical).startswith("in [")


def test_one_element_is_differentiated_and_no_other() -> None:
    def counting(x: Any, /) -> tuple[Any, Any]:
        calls.append(np.shape(x))
        return x**3, x

    calls: list[Any] = []
    large = np.linspace(1, 2, 3000).reshape(60, 50)
    evidence = Evidence.of(Subject(counting, of_cube, (large,)), "float64")
    calls.clear()
    told = witnesses(Disagreement("dx", (7, 7), np.float64(0), 1, 1), evidence)
    assert told is not None
    assert told.odd_one_out == "framework"
    assert len(calls) < 200


@pytest.mark.parametrize("reason", ["dtype is float16; wanted float32", "shape is (1,); wanted (2,)"])
def test_a_disagreement_without_an_element_has_no_witnesses(reason: str) -> None:
    evidence = Evidence.of(Subject(cube, of_cube, (X,)), "float64")
    assert witnesses(Disagreement("dx", reason=reason), evidence) is None


def test_what_keeps_a_witness_from_speaking_is_told() -> None:
    def in_float64_alone(x: Any, /) -> tuple[Any, Any]:
        if broken and np.asarray(x).dtype == np.longdouble:
            raise OSError("no longdouble here")
        return x**3, x

    broken: list[bool] = []
    evidence = Evidence.of(Subject(in_float64_alone, of_cube, (X,)), "float32")
    broken.append(True)
    told = witnesses(Disagreement("dx", WORST, np.float32(0), 1.0, 1.0), evidence)
    assert told is not None
    assert told.odd_one_out == "cannot tell"
    assert told.why == "numerical differentiation failed: OSError: no longdouble here"


def test_a_reference_that_fails_in_the_dtype_under_test_still_has_its_value_in_the_wider_one() -> None:
    def in_float64_alone(x: Any, /) -> tuple[Any, Any]:
        if np.asarray(x).dtype == np.float32:
            raise OSError("no float32 here")
        return x**3, x

    evidence = Evidence.of(Subject(in_float64_alone, of_cube, (X,)), "float32")
    told = witnesses(Disagreement("dx", WORST, np.float32(0), 1.0, 1.0), evidence)
    assert told is not None
    assert (told.native, told.odd_one_out) == (None, "framework")


class TwoSteps:
    """What judges a path of an optimizer has no subject, and so no numerical derivative."""

    names, dtype = ("param",), np.dtype("float64")
    measured = Evidence.of(Subject(cube, of_cube, (X,)), "float64").measured[:1]

    @cached_property
    def native(self) -> list[Any]:
        return [X**3]


def test_evidence_of_another_kind_has_two_witnesses() -> None:
    told = witnesses(Disagreement("param", WORST, np.float64(0), 1.0, 1.0), TwoSteps())
    assert told is not None
    assert told.odd_one_out == "cannot tell"
    assert told.truth == X[WORST].astype(np.longdouble) ** 3
