"""What a solver's tolerance leaves is no mistake of the gradient, and a mistake of that size is one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check

RNG = np.random.default_rng(0)
WEIGHT = 0.3 * RNG.normal(size=(3, 3))
X = RNG.normal(size=3)


def iterated(x: Any, weight: Any, tol: float) -> Any:
    z = np.zeros_like(x)
    while True:
        new = np.tanh(weight @ z + x)
        if np.abs(new - z).max() < tol:
            return new
        z = new


def implicit(dout: Any, z: Any, weight: Any, share: float = 1.0) -> Any:
    slope = 1 - z**2
    adjoint = np.zeros_like(dout)
    for _ in range(200):
        adjoint = dout + weight.T @ (slope * adjoint)
    dx = slope * adjoint * share
    return dx, np.outer(dx, z)


def equilibrium(x: Any, weight: Any, tol: float = 1e-8) -> Any:
    z = iterated(x, weight, tol)
    return z, (z, weight)


def counted(x: Any, weight: Any) -> Any:
    z = np.zeros_like(x)
    for _ in range(12):
        z = np.tanh(weight @ z + x)
    return z, (z, weight)


def backward(dout: Any, cache: Any) -> Any:
    return implicit(dout, *cache)


def slightly_wrong(dout: Any, cache: Any) -> Any:
    return implicit(dout, *cache, 1 + 1e-7)


class Model:
    """A solver with its tolerance in an attribute, and the residual in a condition of several."""

    def __init__(self, accuracy: float) -> None:
        self.accuracy = accuracy

    def forward(self, x: Any, weight: Any) -> Any:
        z, residual, count = np.zeros_like(x), np.inf, 0
        while residual > self.accuracy * np.linalg.norm(x) and count < 500:
            new = np.tanh(weight @ z + x)
            z, residual, count = new, np.linalg.norm(new - z), count + 1
        self.z, self.weight = z, weight
        return z

    def backward(self, dout: Any) -> Any:
        return implicit(dout, self.z, self.weight)


def told(report: Any) -> str:
    return " ".join(str(report).split())


@pytest.mark.parametrize("tol", [1e-5, 1e-8, 1e-12])
def test_what_a_tolerance_leaves_is_told(tol: float) -> None:
    report = check(equilibrium, backward, (X, WEIGHT), {"tol": tol})
    assert report.verdict == "right", report
    assert "A solver ends at a tolerance, tol in line 21 of test_tolerances.py: if np.abs(new - z).max() < tol:" in told(report)
    sights = [finding.sight for finding in report.findings if finding.about in ("dx", "dweight")]
    assert all(tol / 100 < sight < 100 * tol for sight in sights), sights


def test_also_in_an_object() -> None:
    model = Model(1e-9)
    report = check(model.forward, model.backward, (X, WEIGHT))
    assert report.verdict == "right", report
    assert "self.accuracy in line 63 of test_tolerances.py" in told(report)


def test_a_mistake_of_its_size_is_wrong() -> None:
    assert check(equilibrium, slightly_wrong, (X, WEIGHT), {"tol": 1e-8}).verdict == "wrong"


def test_what_ends_after_some_steps_is_an_approximation() -> None:
    """Nothing proves that more steps would agree."""
    report = check(counted, backward, (X, WEIGHT))
    assert report.verdict == "wrong"
    assert "an approximation" in told(report)


def test_a_forgotten_epsilon_is_wrong() -> None:
    """It falls with the epsilon as well, which decides nothing."""

    def normed(x: Any, eps: float = 1e-8) -> Any:
        return x / np.sqrt((x**2).mean() + eps), x

    def without_eps(dout: Any, x: Any) -> Any:
        rms = np.sqrt((x**2).mean())
        normal = x / rms
        return (dout - normal * (dout * normal).mean()) / rms

    assert check(normed, without_eps, (X,)).verdict == "wrong"


def test_the_tolerance_of_a_librarys_solver() -> None:
    optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed")

    def root(a: float) -> Any:
        x = optimize.brentq(lambda x: x**3 + x - a, -5.0, 5.0, xtol=1e-4)
        return x, x

    def of_root(dout: Any, x: Any) -> Any:
        return dout / (3 * x**2 + 1)

    report = check(root, of_root, (1.7,))
    assert report.verdict == "right", report
    assert "tolerance" in told(report)


def swung(y0: Any, k: Any, **options: float) -> tuple[Any, tuple[Any, Any]]:
    """A pendulum after two seconds."""
    from scipy.integrate import solve_ivp

    end = solve_ivp(lambda _, y: np.array([y[1], -k * np.sin(y[0])]), (0, 2), y0, **options).y[:, -1]
    return end, (end, k)


def swung_back(dout: Any, cache: Any, share: float = 1.0, **options: float) -> tuple[Any, Any]:
    """The adjoint equation, solved backwards in time."""
    from scipy.integrate import solve_ivp

    end, k = cache

    def augmented(_: float, z: Any) -> Any:
        (angle, speed), adjoint = z[:2], z[2:4]
        slope = np.array([[0, 1], [-k * np.cos(angle), 0]])
        return np.array([speed, -k * np.sin(angle), *(-slope.T @ adjoint), adjoint[1] * np.sin(angle)])

    start = solve_ivp(augmented, (2, 0), np.array([*end, *dout, 0.0]), **options).y[:, -1]
    return start[2:4] * share, start[4] * share


SWING = (np.array([1.0, 0.3]), 2.0)
TIGHT = {"rtol": 1e-10, "atol": 1e-10}


def test_the_tolerance_that_a_librarys_solver_has_by_default() -> None:
    pytest.importorskip("scipy", reason="SciPy is not installed")
    report = check(swung, swung_back, SWING)
    assert report.verdict == "right", report
    assert "rtol=0.001 and atol=1e-06 in line" in told(report)
    assert report["dout"].verdict == "note"  # the solver takes other steps for another cotangent
    assert "linear in dout but for what its solver leaves" in report["dout"].message


def test_a_tolerance_in_a_dict_of_options() -> None:
    pytest.importorskip("scipy", reason="SciPy is not installed")
    options = {"rtol": 1e-7, "atol": 1e-9}
    report = check(lambda y0, k: swung(y0, k, **options), lambda dout, cache: swung_back(dout, cache, **options), SWING)
    assert report.verdict == "right", report
    assert "rtol=1e-07 and atol=1e-09" in told(report)
    assert all(finding.sight < 1e-5 for finding in report if finding.about in ("dy0", "dk"))


def test_a_mistake_beside_a_default_is_wrong_and_no_fault_of_the_cotangent() -> None:
    pytest.importorskip("scipy", reason="SciPy is not installed")
    report = check(swung, lambda dout, cache: swung_back(dout, cache, 1.02), SWING)
    assert report["dy0"].verdict == report["dk"].verdict == "wrong", report
    assert "twice the cotangent" not in told(report)


def test_a_solver_that_doubles_its_digits_at_each_step() -> None:
    """A thousandth of the tolerance is reached by the same steps."""
    optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed")

    def root(a: Any) -> Any:
        x = optimize.newton(lambda x: x**3 + x - a, 1.0)
        return x, x

    for a in (0.4, 1.7, 3.1):
        assert check(root, lambda dout, x: dout / (3 * x**2 + 1), (a,)).verdict == "right", a
        assert check(root, lambda dout, x: 1.0001 * dout / (3 * x**2 + 1), (a,)).verdict == "wrong", a


def bisected(a: float, tol: float) -> Any:
    low, high = 0.0, 4.0
    while high - low > tol:
        middle = (low + high) / 2
        low, high = (low, middle) if middle**3 + middle > a else (middle, high)
    return (low + high) / 2, (low + high) / 2


@pytest.mark.parametrize("tol", [1e-3, 1e-4, 1e-8])
def test_a_search_that_returns_the_same_for_inputs_that_are_near(tol: float) -> None:
    """It compares values, and ends at a tolerance: a smaller one shows the slope."""

    def right(dout: Any, x: Any) -> Any:
        return dout / (3 * x**2 + 1)

    report = check(bisected, right, (1.7,), {"tol": tol})
    assert report.verdict == "right", report
    assert report["da"].sight < 1e-3


@pytest.mark.explained
def test_a_mistake_beside_a_coarse_tolerance_is_named_where_the_tolerance_is_tighter() -> None:
    def twice(dout: Any, x: Any) -> Any:
        return 2 * dout / (3 * x**2 + 1)

    said = check(bisected, twice, (1.7,), {"tol": 1e-4})["da"].explanation
    assert said.startswith("It is twice what is right"), said
    assert "Seen with a solver's tolerance times 6e-08, tol in line" in said


def test_a_simplex_search_returns_the_same_for_inputs_that_are_near() -> None:
    optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed")

    def minimum(a: Any) -> Any:
        def objective(x: Any) -> Any:
            return (x[0] - a[0]) ** 2 + (x[1] - a[1] * x[0]) ** 2 + 0.1 * x[0] ** 4

        x = optimize.minimize(objective, np.zeros(2), method="Nelder-Mead").x
        return x, (a, x)

    def implicit_gradient(dout: Any, cache: Any, share: float = 1.0) -> Any:
        a, x = cache
        curvature = np.array([[2 + 2 * a[1] ** 2 + 1.2 * x[0] ** 2, -2 * a[1]], [-2 * a[1], 2.0]])
        mixed = np.array([[-2.0, 4 * a[1] * x[0] - 2 * x[1]], [0.0, -2 * x[0]]])
        return -share * np.linalg.solve(curvature, dout) @ mixed

    point = (np.array([0.7, 0.4]),)
    report = check(minimum, implicit_gradient, point)
    assert report.verdict == "right", report
    assert "returns the same for inputs that are near" in told(report)
    assert check(minimum, lambda dout, cache: implicit_gradient(dout, cache, 1.01), point).verdict == "wrong"


def test_an_edit_that_never_ends_is_broken_off() -> None:
    """A sign that is edited sends the loop away from its end."""
    calls = []

    def backward(dout: Any, cache: Any) -> Any:
        z, weight = cache
        slope = 1 - z**2
        adjoint, step = np.zeros_like(dout), dout
        while np.abs(step).max() > 1e-9:
            calls.append(1)
            step = dout + weight.T @ (slope * adjoint) - adjoint
            adjoint = adjoint + step
        dx = slope * adjoint * 1.5
        return dx, np.outer(dx, z)

    assert check(equilibrium, backward, (X, WEIGHT), {"tol": 1e-10}).verdict == "wrong"


def test_a_tolerance_that_may_be_none() -> None:
    """It is no number then, and cannot be tightened; the library's defaults can."""
    pytest.importorskip("scipy", reason="SciPy is not installed")

    def made(tol: float | None) -> Any:
        def back(dout: Any, cache: Any) -> Any:
            return swung_back(dout, cache, **({} if tol is None else {"rtol": tol, "atol": tol}))

        return back

    for tol in (None, 1e-10):
        assert check(swung, made(tol), SWING).verdict == "right", tol


def test_a_mistake_in_one_gradient_makes_no_other_one_wrong() -> None:
    def sign(dout: Any, cache: Any) -> Any:
        dx, dweight = implicit(dout, *cache)
        return dx, -dweight

    report = check(equilibrium, sign, (X, WEIGHT))
    assert (report["dx"].verdict, report["dweight"].verdict) == ("right", "wrong"), report
    assert "A solver ends at a tolerance" in report["dx"].message


def conjugate(matrix: Any, b: Any, tol: float = 1e-6) -> Any:
    x, residual = np.zeros_like(b), b
    direction, square = residual, residual @ residual
    while np.sqrt(square) > tol:
        step = square / (direction @ matrix @ direction)
        x, residual = x + step * direction, residual - step * (matrix @ direction)
        direction, square = residual + residual @ residual / square * direction, residual @ residual
    return x


@pytest.mark.parametrize("size", [6, 20])
@pytest.mark.parametrize("swapped", [False, True])
def test_conjugate_gradients(size: int, swapped: bool) -> None:
    """Their last step is exact, but where the matrix is moved and not symmetric any more."""
    rng = np.random.default_rng(0)
    root, b = rng.normal(size=(size, size)), rng.normal(size=size)

    def back(dout: Any, matrix: Any, b: Any) -> Any:
        adjoint, x = conjugate(matrix, dout), conjugate(matrix, b)
        return -np.outer(x, adjoint) if swapped else -np.outer(adjoint, x), adjoint

    report = check(conjugate, back, (root @ root.T / size + 3 * np.eye(size), b))
    assert report.verdict == ("wrong" if swapped else "right"), report


def test_a_tolerance_whose_error_is_small_along_one_direction() -> None:
    """What is left of it there is a small share of the error, and a large one of the little that there was."""
    pytest.importorskip("scipy", reason="SciPy is not installed")
    from scipy.integrate import solve_ivp

    rng = np.random.default_rng(0)
    weight, y0 = 0.5 * rng.normal(size=(3, 3)), rng.normal(size=3)

    def end(y0: Any, weight: Any) -> Any:
        y = solve_ivp(lambda _, y: np.tanh(weight @ y), (0, 1), y0).y[:, -1]
        return y, (y, weight)

    def back(dout: Any, cache: Any) -> Any:
        y, weight = cache

        def augmented(_: float, z: Any) -> Any:
            slope = 1 - np.tanh(weight @ z[:3]) ** 2
            adjoint = slope * z[3:6]
            return np.concatenate([np.tanh(weight @ z[:3]), -weight.T @ adjoint, -np.outer(adjoint, z[:3]).ravel()])

        start = solve_ivp(augmented, (1, 0), np.array([*y, *dout, *np.zeros(9)]), **TIGHT).y[:, -1]
        return start[3:6], start[6:].reshape(3, 3)

    for seed in range(4):
        assert check(end, back, (y0, weight), seed=seed).verdict == "right", seed


@pytest.mark.parametrize("tol", [1e-9, 1e-10, 1e-11])
def test_an_error_that_the_measurements_of_a_case_do_not_show(tol: float) -> None:
    """Each step of Newton doubles the digits: what the last one leaves is at rounding."""

    def root(a: Any) -> Any:
        x = np.ones_like(a)
        while np.abs(x**3 + x - a).max() > tol:
            x = x - (x**3 + x - a) / (3 * x**2 + 1)
        return x, x

    rng = np.random.default_rng(0)
    rng.normal(size=45)
    report = check(root, lambda dout, x: dout / (3 * x**2 + 1), (rng.normal(size=3),))
    assert report.verdict == "right", report
    assert "of it the gradient agrees" in told(report)


def test_a_loop_that_does_not_end_with_a_tighter_tolerance_is_left_at_once() -> None:
    def root(a: Any) -> Any:
        x = np.ones_like(a)
        while np.abs(x**3 + x - a).max() > 1e-15:
            x = x - (x**3 + x - a) / (3 * x**2 + 1)
        return x, x

    report = check(root, lambda dout, x: 1.001 * dout / (3 * x**2 + 1), (np.array([0.3, 1.7, -0.6]),))
    assert report.verdict == "wrong", report
    assert report.seconds < 20


def test_a_tolerance_that_chooses_the_steps() -> None:
    """It stands in no condition: what is compared is a share of it."""

    def moved(slope: Any, y: Any, relative_tol: float = 1e-3, absolute_tol: float = 1e-5) -> Any:
        t, h = 0.0, 0.1
        while t < 1:
            h = min(h, 1 - t)
            first = slope(y)
            second = slope(y + h / 2 * first)
            third = slope(y - h * first + 2 * h * second)
            new = y + h / 6 * (first + 4 * second + third)
            off = float(np.max(np.abs(new - y - h * second) / (absolute_tol + relative_tol * np.abs(new))))
            if off <= 1:
                t, y = t + h, new
            h *= min(5, 0.9 * off ** (-1 / 3))
        return y

    def end(y0: Any, weight: Any) -> Any:
        y = moved(lambda y: np.tanh(weight @ y), y0)
        return y, (y, weight)

    def back(dout: Any, cache: Any, share: float = 1.0) -> Any:
        y, weight = cache

        def augmented(z: Any) -> Any:
            value = np.tanh(weight @ z[:3])
            adjoint = (1 - value**2) * z[3:6]
            return np.concatenate([-value, weight.T @ adjoint, np.outer(adjoint, z[:3]).ravel()])

        start = moved(augmented, np.array([*y, *dout, *np.zeros(9)]))
        return start[3:6], share * start[6:].reshape(3, 3)

    assert check(end, back, (X, WEIGHT)).verdict == "right"
    assert check(end, lambda dout, cache: back(dout, cache, 1.01), (X, WEIGHT)).verdict == "wrong"
