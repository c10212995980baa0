"""A variable that is called half or float16 is no dtype: it excuses no error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_function
from gradwitness.subjects.named import narrow_dtypes, own_text


def rotated(x: Any) -> Any:
    half = x.shape[-1] // 2  # a single one
    return np.concatenate([-x[..., half:], x[..., :half]], axis=-1) * 2.0, None


def backward(dout: Any, _cache: Any) -> Any:
    half = dout.shape[-1] // 2
    dx = np.concatenate([dout[..., half:], -dout[..., :half]], axis=-1) * 2.0
    dx[1, 2] *= 1 + 1e-6
    return (dx,)


def test_an_error_is_seen_where_a_variable_is_called_half() -> None:
    report = check(rotated, backward, (np.random.default_rng(0).normal(size=(10, 6)),))
    assert report.verdict == "wrong"
    assert [finding.about for finding in report if finding.about == "float16 inside"] == []


def weighed(x: Any) -> Any:
    bfloat16 = {"float16": 2.0}
    float16 = bfloat16["float16"]
    return np.array([float16 * each for each in x.tolist()]), None


def weighed_backward(dout: Any, _cache: Any) -> Any:
    dx = np.array([2.0 * each for each in dout.tolist()])
    dx[1] *= 1 + 1e-2
    return (dx,)


def test_an_error_is_seen_where_a_variable_is_called_float16() -> None:
    report = check(weighed, weighed_backward, (np.random.default_rng(0).normal(size=6),))
    assert report.verdict == "wrong"
    assert [finding.about for finding in report if finding.about == "float16 inside"] == []


class Holder:
    """An object whose attribute is called as a dtype is."""

    def __init__(self) -> None:
        self.float16 = np.ones(2)


@pytest.mark.parametrize(
    ("line", "dtype"),
    [
        ("h = np.half(x)", "float16"),
        ("h = np.float16(x)", "float16"),
        ("h = x.half()", "float16"),
        ("h = x.bfloat16()", "bfloat16"),
        ("h = x.astype('half')", "float16"),
        ("h = x.astype(single)", "float32"),
        ("h = x.astype('f4')", "float32"),
        ("h = np.zeros(3, dtype=float16)", "float16"),
        ("h = np.zeros(3, dtype=np.dtype('float16'))", "float16"),
        ("half = n // 2", ""),
        ("x = x[:half] + self.half", ""),
        ("x = x[0]  # single", ""),
        ("float32 = x * 2", ""),
        ("x = float32 * 2 + self.float16", ""),
        ("x = parts['float16']", ""),
        ("parts = {'float16': x}", ""),
        ("raise ValueError('no bfloat16 here')", ""),
    ],
)
def test_what_names_a_dtype(line: str, dtype: str) -> None:
    known = {"np": np, "float16": np.float16, "single": np.single, "half": 3, "float32": np.ones(2), "self": Holder()}
    assert "".join(narrow_dtypes(line, known)) == dtype


def cast(x: Any) -> Any:
    functions = {"é": lambda x: x / 3.0, np.float16: lambda x: x.astype(np.float16)}; functions[np.float16](x)  # fmt: skip # noqa: E702
    return functions


@pytest.mark.parametrize(("key", "words"), [("é", "x / 3.0"), (np.float16, "x.astype(np.float16)")])
def test_what_a_line_says_is_that_of_the_lambda_alone_that_runs(key: Any, words: str) -> None:
    code = cast(np.ones(1))[key].__code__
    assert own_text(code, code.co_firstlineno) == words


def test_what_a_line_says_is_not_what_the_lambdas_in_it_say() -> None:
    code = cast.__code__
    said = own_text(code, code.co_firstlineno + 1)
    assert "astype" not in said
    assert said.endswith("functions[np.float16](x)")


def test_a_dtype_beside_a_lambda_is_none_inside_of_it() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    report = check_function(lambda x: x / (x.norm() + 1e-8), (torch.zeros(1, 3),), dtypes=[np.float16.__name__])
    assert report["dx"].verdict == "right"
