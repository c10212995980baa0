"""Which tests a worker of pytest-xdist takes together."""

import pytest

from conformance.scheduling import BY_CASE, BY_OP, CELL_TESTS, RUNS, TOGETHER, scope
from tests.checkout import ROOT


def test_the_cells_of_an_op_go_together() -> None:
    test = "tests/matrix/test_adapters.py::test_op"
    scopes = {scope(f"{test}[relu-{case}-{adapter}-float64-cpu-eager]") for case in ("generic", "large") for adapter in "ab"}
    assert len(scopes) == 1
    assert scope(f"{test}[relu6-generic-a-float64-cpu-eager]") not in scopes


def test_tests_of_the_same_evidence_go_together_and_no_others() -> None:
    file = "tests/reference/test_reference.py"
    assert len({scope(f"{file}{test}[relu-generic-float64]") for test in BY_CASE}) == 1
    assert len({scope(f"{file}{BY_CASE[0]}[relu-generic-{dtype}]") for dtype in ("float64", "float32")}) == 2


def test_tests_of_one_process_go_together() -> None:
    for test in TOGETHER:
        assert len({scope(f"tests/a.py{test}[{name}]") for name in "ab"}) == 1


def test_other_tests_go_one_by_one() -> None:
    nodeids = ["tests/a.py::test_a[relu-x]", "tests/a.py::test_a[relu-y]", "tests/a.py::test_b"]
    assert list(map(scope, nodeids)) == nodeids


@pytest.mark.parametrize("test", sorted({*CELL_TESTS, *BY_OP, *BY_CASE, *TOGETHER}))
def test_a_test_that_is_named_exists(test: str) -> None:
    name = test.removeprefix("::")
    assert [path for path in (ROOT / "tests").rglob("test_*.py") if f"def {name}(" in path.read_text()] != []


@pytest.mark.parametrize("beginning", RUNS)
def test_a_file_that_goes_first_exists(beginning: str) -> None:
    assert (ROOT / beginning.removesuffix("::")).exists()
