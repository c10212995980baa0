"""Crossovers, growth and break-even, against numbers that can be checked by hand; and the page that tells them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from benchmarks.app import app
from benchmarks.crossover import Ratio, Sweep, crossover, exponent, paid_after, sweeps_of
from benchmarks.page.figures import figures
from benchmarks.page.report import NO_GPU, rows, shares
from benchmarks.store import Cell, Result, save
from benchmarks.tests.made import cell, result

SIZES = (16, 64, 256, 1024)


def timed(number: int, seconds: float, **changes: Any) -> Cell:
    """A cell whose interval is a tenth to either side."""
    return cell(number=number, size=f"64x{number}", median=seconds, low=0.9 * seconds, high=1.1 * seconds, **changes)


def swept(**changes: Any) -> Result:
    """NumPy in time n / 10^6, JAX in a quarter of that and 10^-4 more: they meet at 400 / 3."""
    cells = [timed(n, n / 1e6, peak_bytes=n * 2**20, **changes) for n in SIZES]
    cells += [timed(n, 1e-4 + n / 4e6, framework="jax", mode="jit", compile_s=0.3, peak_bytes=2**22, **changes) for n in SIZES]
    return result(cells=cells)


def only(found: Result) -> Sweep:
    (sweep,) = sweeps_of(found.cells)
    return sweep


def ratios(*values: float, spread: float = 0.0) -> list[Ratio]:
    return [Ratio(n, v, v * (1 - spread), v * (1 + spread)) for n, v in zip(SIZES, values, strict=True)]


def test_the_size_of_the_crossover_lies_on_the_line_between_two_sizes() -> None:
    found = crossover(ratios(4, 2, 0.5, 0.25))
    assert f"{found.number:.9g}" == "128"  # the geometric mean of 64 and 256
    assert (found.earliest, found.certain, found.beginning) == (256, 256, False)


def test_what_is_faster_for_a_while_only_has_not_crossed() -> None:
    assert crossover(ratios(0.5, 2, 0.9, 3)).number is None
    assert str(crossover(ratios(2, 2, 2, 2))) == "slower at every size"
    assert str(crossover(ratios(0.5, 0.5, 0.5, 0.5))) == "faster at every size; beyond the spread from 16"


def test_the_interval_says_from_where_it_is_certain() -> None:
    found = crossover(ratios(4, 1.05, 0.95, 0.25, spread=0.1))
    assert (found.earliest, found.certain) == (64, 1024)
    assert str(found).endswith("; beyond the spread from 1024")
    assert str(crossover(ratios(4, 1.05, 1.05, 1.05, spread=0.1))) == "not told apart from 64 on"


def test_the_exponent_is_that_of_the_last_sizes() -> None:
    line = [timed(16, 5.0), *(timed(n, 1e-6 * n**2) for n in SIZES[1:])]
    assert [f"{each:.9g}" for each in exponent(line) or ()] == ["2", "2", "2"]
    assert exponent(line[:2]) is None


def test_compiling_has_paid_when_it_saved_what_it_cost() -> None:
    compiled, plain = timed(16, 1.0, compile_s=7.0), timed(16, 3.0)
    assert paid_after(compiled, plain) == 4
    assert paid_after(plain, compiled) is None
    assert paid_after(timed(16, 4.0, compile_s=7.0), plain) is None


def test_the_rows_of_a_sweep_are_those_of_its_numbers() -> None:
    numpy, jax = rows(only(swept()))
    assert (numpy.crossover, numpy.exponent) == ("-", "1.00 (1.00 to 1.00)")
    assert jax.crossover.startswith("faster from about 1")
    assert "beyond the spread from 256" in jax.crossover


def test_a_share_of_the_roofline_is_what_the_machine_needs_at_least() -> None:
    one = cell(flops=50 * 10**9, bytes=4, median=4.0)  # at 50 10^9 operations a second that takes a second at least
    other = cell(flops=4, bytes=10 * 2**30, median=2.0)  # and this another, at 10 GiB a second
    assert [share for _, share in shares(result(cells=[one, other]))] == [0.25, 0.5]


def test_a_figure_is_drawn_of_all_that_there_is() -> None:
    both = swept()
    both.cells += swept(threads=2).cells
    drawn = dict(figures(both))
    kinds = {name.rpartition("-")[2] for name in drawn}
    assert kinds == {"time", "crossover", "memory", "compile", "threads", "roofline"}
    (axes,) = drawn["00-mlp-width-step-1-time"].axes
    assert {line.get_label() for line in axes.get_lines()} == {"NumPy", "jax jit"}
    assert [list(line.get_xdata()) for line in axes.get_lines()] == [list(SIZES), list(SIZES)]
    assert not dict(figures(result(cells=[cell(flops=None)])))


def test_the_page_needs_no_other_file(tmp_path: Path) -> None:
    path = save(swept(), tmp_path)
    done = CliRunner().invoke(app, ["report", str(path), "--output", str(tmp_path / "report")])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "report" / "index.html").read_text()
    pictures = list((tmp_path / "report").glob("*.png"))
    assert page.count("data:image/png;base64,") == len(pictures) == 5
    assert 'src="http' not in page
    assert "<script" not in page
    assert NO_GPU in page
    assert "beyond the spread from 256" in page


def test_a_run_that_is_not_to_be_trusted_says_so_on_its_page(tmp_path: Path) -> None:
    from benchmarks.page.report import write
    from benchmarks.store import Control

    doubtful = swept()
    doubtful.control = Control(1.2, 1.1, 1.3, trusted=False)
    assert "this run cannot be trusted" in write([doubtful], tmp_path).read_text()
