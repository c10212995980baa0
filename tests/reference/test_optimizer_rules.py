"""What is known of an update rule without its formula: a second witness for each derivation, with no framework near."""

import itertools
from typing import Any

import numpy as np
import pytest

from gradwitness.rounding.arithmetic import measure
from gradwitness.verdict import judge
from reference import OPTIMIZERS
from reference.optimizers.arguments import norm

Array = np.ndarray[Any, np.dtype[Any]]
RNG = np.random.default_rng(0)
START, GRADS = RNG.normal(size=(3, 4)), RNG.normal(size=(20, 3, 4))


def run(name: str, param: Array, grads: Any, **hyper: Any) -> tuple[Array, list[dict[str, Array]]]:
    """The parameter after one step for each gradient, and the state after each."""
    optimizer = OPTIMIZERS[name]
    state, states = optimizer.init(param), []
    for grad in grads:
        param, state = optimizer.step(param, grad, state, **hyper)
        states.append(state)
    return param, states


def same(one: Any, other: Any) -> None:
    """Two ways to compute a thing, functions of (param, grads), agree as far as rounding lets them."""
    (expected,) = measure(lambda lift: [one(lift(START), lift(GRADS))], "float64", seed=0)
    judge("param", np.asarray(other(START, GRADS)), expected, "float64")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_quadratic_is_descended(name: str) -> None:
    # L = |param|^2 / 2: its gradient is the parameter itself.
    optimizer, param = OPTIMIZERS[name], START
    hyper: dict[str, Any] = {"lr": {"adadelta": 1.0, "lars": 1.0}.get(name, 0.01)}
    if name == "lars":
        hyper["trust_coefficient"] = 0.01
    state = optimizer.init(param)
    for _ in range(200):
        param, state = optimizer.step(param, param, state, **hyper)
    assert norm(param) < norm(START)


@pytest.mark.parametrize("name", ["adam", "amsgrad", "adamax", "adagrad"])
def test_the_first_step_is_the_rate_whatever_the_gradient(name: str) -> None:
    # lr * sign(grad); momentum and averages that start at zero have nothing to say yet.
    same(
        lambda param, grads: param - 0.125 * np.sign(grads[0]),
        lambda param, grads: run(name, param, grads[:1], lr=0.125, eps=0.0)[0],
    )


def test_nesterov_is_momentum_whose_gradient_is_taken_ahead() -> None:
    # By hand, as in the paper: the gradient of L = sum c param^2 / 2 at param + momentum * velocity.
    curvature, lr, momentum = np.array([0.5, 1.0, 1.5, 2.0]), 0.25, 0.75

    def paper(param: Array, _grads: Array) -> Array:
        velocity = 0 * param
        for _ in range(20):
            velocity = momentum * velocity - lr * (curvature * (param + momentum * velocity))
            param = param + velocity
        return param + momentum * velocity

    def ours(param: Array, _grads: Array) -> Array:
        optimizer = OPTIMIZERS["nesterov"]
        state = optimizer.init(param)
        for _ in range(20):
            param, state = optimizer.step(param, curvature * param, state, lr=lr, momentum=momentum)
        return param

    same(paper, ours)


def test_momentum_is_a_ball_with_inertia() -> None:
    # param_{t+1} = param_t + momentum (param_t - param_{t-1}) - lr grad_t, without any velocity kept.
    def ball(param: Array, grads: Array) -> Array:
        before = param
        for grad in grads:
            before, param = param, param + 0.75 * (param - before) - 0.25 * grad
        return param

    same(ball, lambda param, grads: run("momentum", param, grads, lr=0.25, momentum=0.75)[0])


@pytest.mark.parametrize("name", ["momentum", "nesterov", "rmsprop"])
def test_where_the_rate_stands_makes_no_difference_while_it_is_constant(name: str) -> None:
    hyper = {"lr": 0.125, "momentum": 0.75}
    inside, outside = (
        lambda param, grads, flag=flag: run(name, param, grads, **hyper, rate_in_velocity=flag)[0] for flag in (True, False)
    )
    same(inside, outside)


def test_amsgrad_s_divisor_never_shrinks_and_adam_s_does() -> None:
    largest = [state["largest"] for state in run("amsgrad", START, GRADS, lr=0.125, beta2=0.5)[1]]
    assert all((later >= before).all() for before, later in itertools.pairwise(largest))
    v = [state["v"] for state in run("adam", START, GRADS, lr=0.125, beta2=0.5)[1]]
    assert any((later < before).any() for before, later in itertools.pairwise(v))


@pytest.mark.parametrize(("name", "adam"), [("adamw", {"weight_decay": 0.0}), ("lion", None)])
def test_decoupled_decay_without_a_gradient_is_geometric(name: str, adam: Any) -> None:
    # With gradients of zero only the decay acts, as often as there are steps.
    zeros = np.zeros_like(GRADS)
    same(
        lambda param, _: param * (1 - 0.25 * 0.5) ** 20,
        lambda param, _: run(name, param, zeros, lr=0.25, weight_decay=0.5)[0],
    )
    if adam is not None:
        assert np.array_equal(run(name, START, GRADS, lr=0.25, **adam)[0], run("adam", START, GRADS, lr=0.25)[0])


def test_coupled_decay_is_the_gradient_of_an_l2_term() -> None:
    # The loss plus 0.25 |param|^2: its gradient has 0.5 param more; at each step the parameter of that step.
    def by_hand(param: Array, grads: Array) -> Array:
        optimizer = OPTIMIZERS["adam"]
        state = optimizer.init(param)
        for grad in grads:
            param, state = optimizer.step(param, grad + 0.5 * param, state, lr=0.125)
        return param

    same(by_hand, lambda param, grads: run("adam", param, grads, lr=0.125, weight_decay=0.5)[0])


@pytest.mark.parametrize(
    ("name", "hyper"), [("lamb", {"eps": 0.0}), ("lars", {"trust_coefficient": 0.5}), ("adam", {"eps": 0.0})]
)
def test_gradients_in_another_unit_make_the_same_path(name: str, hyper: dict[str, Any]) -> None:
    one, other = (lambda param, grads, k=k: run(name, param, k * grads, lr=0.125, **hyper)[0] for k in (1.0, 1000.0))
    same(one, other)


@pytest.mark.parametrize("name", ["lamb", "lars"])
def test_a_parameter_in_another_unit_moves_by_the_same_share(name: str) -> None:
    hyper = {"lr": 0.125, "eps": 0.0} if name == "lamb" else {"lr": 0.125, "trust_coefficient": 0.5}
    same(
        lambda param, grads: run(name, param, grads, **hyper)[0],
        lambda param, grads: run(name, 1000 * param, grads, **hyper)[0] / 1000,
    )


def test_lamb_moves_by_the_rate_times_the_norm() -> None:
    after = run("lamb", START, GRADS[:1], lr=0.125)[0]
    same(lambda param, _: 0.125 * norm(param)[None], lambda param, _: norm(after - param)[None])


def test_adafactor_s_margins_hold_a_table_of_rank_one_whole() -> None:
    # grad_ij = a_i b_j: the squares are of rank one, and the factored second moment is the full one. With constant gradients it
    # is grad^2 throughout, so that the step is sign(grad), as Adam's.
    row, column = START[:, :1], START[:1]
    hyper = {"lr": 0.125, "relative_step": False, "eps1": 0.0, "clip_threshold": 1.0}

    def full(param: Array, _: Array) -> Array:
        for _ in range(3):
            param = param - 0.125 * np.sqrt((param * param).mean()) * np.sign(row * column)
        return param

    same(full, lambda param, _: run("adafactor", param, 3 * [row * column], **hyper)[0])


def test_centered_rmsprop_divides_by_the_standard_deviation() -> None:
    # A gradient that has been constant for long has no variance: what is left of it is eps.
    _, states = run("rmsprop", START, 200 * [np.ones_like(START)], lr=0.0625, rho=0.5, eps=1.0, centered=True)
    assert np.array_equal(states[-1]["v"] - states[-1]["m"] ** 2, np.zeros_like(START))


def test_radam_is_momentum_until_its_average_is_long_enough() -> None:
    # With beta2 = 0.5, rho stays below 3: there is no variance to speak of, and never a division.
    def momentum(param: Array, grads: Array) -> Array:
        m = 0 * param
        for t, grad in enumerate(grads, start=1):
            m = 0.75 * m + 0.25 * grad
            param = param - 0.125 * m / (1 - 0.75**t)
        return param

    same(momentum, lambda param, grads: run("radam", param, grads, lr=0.125, beta1=0.75, beta2=0.5)[0])


def test_lion_moves_every_element_by_the_rate() -> None:
    for before, after in itertools.pairwise(GRADS):
        moved = run("lion", START, [before, after], lr=0.125)[0] - run("lion", START, [before], lr=0.125)[0]
        same(lambda _p, _g, m=moved: 0.125 * (_p * 0 + 1), lambda _p, _g, m=moved: np.abs(m))
