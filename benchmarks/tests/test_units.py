"""What a run consists of: the choices, the filters, the order, and what is said of a name that is not there."""

from __future__ import annotations

import pytest

from benchmarks import estimate
from benchmarks.plan import REFERENCE, Implementation
from benchmarks.sweeps import SWEEPS, Problem, problems
from benchmarks.units import Unit, Wanted, usual_mode


def test_quick_is_a_step_at_three_sizes_as_people_use_the_frameworks() -> None:
    units = Wanted("quick").units()
    assert [str(unit) for unit in units] == [f"mlp width {n}, step, 1 thread" for n in (64, 256, 1024)]
    assert [str(who) for who in units[0].implementations] == [
        "numpy-eager-cpu", "torch-eager-cpu", "tensorflow-graph-cpu", "jax-jit-cpu",
    ]  # fmt: skip


def test_every_main_sweep_has_six_points_and_one_goes_to_8192() -> None:
    assert all(len(sweep.numbers) >= 6 for sweeps in SWEEPS.values() for sweep in sweeps.values())
    assert SWEEPS["mlp"]["width"].numbers[-1] == 8192


def test_no_problem_is_there_twice() -> None:
    every = [(problem.model, problem.sweep, problem.number) for problem in problems()]
    assert len(set(every)) == len(every)


def test_the_reference_is_first_in_every_unit() -> None:
    assert all(unit.implementations[0] == REFERENCE for unit in Wanted("full", threads=(1, 2)).units())


def test_the_most_telling_comes_first() -> None:
    units = Wanted("default", threads=(1, 2)).units()
    assert str(units[0]) == "mlp width 16, step, 1 thread"
    first = [unit for unit in units if unit.threads == 1]
    assert units[: len(first)] == first  # a process for each number of threads, one after the other


def test_what_is_not_how_a_framework_is_used_is_in_full_alone_or_asked_for() -> None:
    eager = Implementation("jax", "eager", "cpu")
    assert not usual_mode(eager)
    assert eager not in Wanted("default").implementations()
    assert eager in Wanted("full").implementations()
    timed = {
        (unit.problem.sweep, unit.phase, unit.threads)
        for unit in Wanted("full", model=("mlp",)).units()
        if eager in unit.implementations
    }
    assert timed == {("width", "step", 1)}
    assert eager in Wanted("quick", framework=("jax",)).implementations()


def test_compilers_that_take_half_a_minute_are_in_full_alone_or_asked_for() -> None:
    inductor = Implementation("torch", "inductor", "cpu")
    assert all(inductor not in unit.implementations for unit in Wanted("default").units())
    assert any(inductor in unit.implementations for unit in Wanted("full").units())
    assert inductor in Wanted("quick", mode=("inductor",)).units()[0].implementations


def test_what_takes_minutes_to_verify_does_not_come_first() -> None:
    numbers = [unit.problem.number for unit in Wanted("default").units()[:6]]
    assert numbers == [16, 64, 256, 1024, 2048, 4096]


def test_narrow_precisions_are_for_gpus_unless_they_are_asked_for() -> None:
    narrow = Implementation("torch", "eager", "cpu", "bfloat16")
    assert narrow not in Wanted("full").implementations()
    assert narrow in Wanted("full", precision=("bfloat16",)).implementations()
    with pytest.raises(ValueError, match="--precision tf32"):  # no CPU has it
        Wanted("full", precision=("tf32",))
    assert Implementation("torch", "eager", "cuda", "tf32") in Wanted("full", device=("cuda",)).implementations()
    assert all(who.device == "cuda" for who in Wanted("full", device=("cuda",)).implementations()[1:])


def test_peers_are_timed_where_they_have_the_model() -> None:
    units = Wanted("default", framework=("mygrad",)).units()
    assert {unit.problem.model for unit in units} == {"mlp", "lenet", "two_layer"}


def test_filters_select() -> None:
    wanted = Wanted("default", model=("gpt",), sweep=("length",), number=(16, 32), phase=("forward",))
    assert [str(unit) for unit in wanted.units()] == [f"gpt length {n}, forward, 1 thread" for n in (16, 32)]


def test_a_model_that_is_asked_for_is_not_limited_to_the_quick_sizes() -> None:
    assert {unit.problem.number for unit in Wanted("quick", model=("lenet",), sweep=("batch",)).units()} == {
        2,
        8,
        32,
        128,
        512,
        1024,
    }


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"model": ("mlq",)}, "unknown model 'mlq'; did you mean mlp"),
        ({"phase": ("backward",)}, "unknown phase 'backward'"),
        ({"framework": ("pytorch",)}, "unknown framework 'pytorch'"),
        ({"model": ("mlp",), "number": (3,)}, "nothing is there for --model mlp, --number 3; sweeps are mlp: width 16"),
        ({"framework": ("jax",), "mode": ("graph",)}, "nothing to compare NumPy with for --framework jax, --mode graph"),
        ({"framework": ("mygrad",), "device": ("cuda",)}, "nothing to compare NumPy with"),
    ],
)
def test_a_name_that_is_not_there_is_said(asked: dict[str, tuple[str, ...]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Wanted("default", **asked)  # type: ignore[arg-type]


def unit(*arguments: int, who: tuple[Implementation, ...] = (REFERENCE,)) -> Unit:
    return Unit(Problem("mlp", "width", arguments[-1], arguments), "step", 1, who)


def test_estimates_grow_with_size_and_with_who_is_asked() -> None:
    small, large = unit(64, 256, 256), unit(64, 4096, 4096)
    more = unit(64, 256, 256, who=(REFERENCE, Implementation("torch", "inductor", "cpu")))
    assert estimate.seconds(small, 15) < estimate.seconds(more, 15)
    assert estimate.seconds(small, 15) < estimate.seconds(large, 15)
    assert estimate.memory(small) < estimate.memory(large) < 16 * estimate.memory(unit(64, 2048, 2048))


def test_memory_of_the_largest_is_more_than_its_parameters_and_gradients() -> None:
    assert estimate.memory(unit(64, 8192, 8192)) > 2 * 4 * 8192**2


def test_every_unit_has_an_estimate() -> None:
    assert all(estimate.seconds(each, 31) > 0 for each in Wanted("full").units())
