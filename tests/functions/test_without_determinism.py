"""Operations for which PyTorch has no deterministic algorithm, in a process that has not asked for one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from gradwitness import UserError, check_function

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.fixture(params=[0, 1, 2], ids=["off", "warn", "error"])
def mode(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode(request.param)
    yield request.param
    torch.set_deterministic_debug_mode(before)


def unpooled(x: Any) -> Any:
    values, places = torch.nn.functional.max_pool2d(x, 2, return_indices=True)
    return torch.nn.functional.max_unpool2d(values * values, places, 2)


def test_they_run_without_a_warning_unless_the_user_asked_for_an_error(mode: int) -> None:
    x = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if mode == 2:
            with pytest.raises(UserError, match="deterministic implementation"):
                check_function(unpooled, x)
        else:
            report = check_function(unpooled, x)
            assert report.ok, str(report)


def test_the_settings_are_as_they_were(mode: int) -> None:
    filters = list(warnings.filters)
    check_function(torch.sin, torch.linspace(0, 1, 3))
    assert torch.get_deterministic_debug_mode() == mode
    assert warnings.filters == filters
