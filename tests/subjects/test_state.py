"""The user's objects are as before after a check: `State` remembers what functions can change, and puts it back bit for bit."""

from __future__ import annotations

import collections
import functools
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.subjects.reach import reached
from gradwitness.subjects.state import State

COUNT = 0
LOG: list[int] = []


class Layer:
    """A layer with state of every kind."""

    calls = 0
    seen: list[int] = []  # noqa: RUF012 - state of the class is the point

    def __init__(self) -> None:
        self.W = np.arange(6.0).reshape(2, 3) / 7
        self.frozen = np.ones(2)
        self.frozen.flags.writeable = False
        self.things = np.array([self.W, None], dtype=object)
        self.bn = {"momentum": 0.9}
        self.queue = collections.deque([1, 2])
        self.rng = np.random.default_rng(3)
        self.old = np.random.RandomState(3)
        self.half = np.random.RandomState(4)
        self.half.normal()  # numbers come in pairs: the second one waits
        self.other = np.random.RandomState(np.random.PCG64(5))
        self.plain = random.Random(3)
        self.bits = np.random.PCG64(3)
        self.names = {"a"}
        self.raw = bytearray(b"abc")


class Slotted:
    """A class with slots, one of them without a value."""

    __slots__ = ("W", "x")

    def __init__(self) -> None:
        self.W = np.ones(3)


class Frame:
    """Shows an array as a data frame does."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values = np.ones((2, 2))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self._values if dtype is None else self._values.astype(dtype)


CHANGES: dict[str, Callable[[Layer], Any]] = {
    "an array, in place": lambda layer: layer.W.__setitem__(0, 9.0),
    "an array, to -0": lambda layer: layer.W.__setitem__((0, 0), -0.0),
    "an array, bound anew in another dtype": lambda layer: setattr(layer, "W", layer.W.astype(np.longdouble)),
    "an array, reshaped in place": lambda layer: layer.W.resize((3, 2), refcheck=False),
    "an array, made read-only": lambda layer: layer.W.setflags(write=False),
    "an array that is read-only": lambda layer: (layer.frozen.setflags(write=True), layer.frozen.fill(7)),
    "an array of objects": lambda layer: layer.things.__setitem__(1, 3),
    "a new attribute": lambda layer: setattr(layer, "cache", 1),
    "an attribute deleted": lambda layer: delattr(layer, "bn"),
    "an entry of a dict": lambda layer: layer.bn.__setitem__("running_mean", np.zeros(3)),
    "a deque": lambda layer: layer.queue.append(3),
    "a set": lambda layer: layer.names.add("b"),
    "bytes": lambda layer: layer.raw.append(3),
    "a generator": lambda layer: layer.rng.normal(),
    "an old generator": lambda layer: layer.old.normal(),
    "an old generator, by one word": lambda layer: layer.old.bytes(1),
    "the half of a pair that waits": lambda layer: layer.half.normal(),
    "an old generator of another kind": lambda layer: layer.other.rand(),
    "a Python generator": lambda layer: layer.plain.random(),
    "a bit generator": lambda layer: layer.bits.random_raw(),
    "the global generator of NumPy": lambda _: np.random.rand(),  # noqa: NPY002
    "the global generator of Python": lambda _: random.random(),
    "an attribute of the class": lambda layer: setattr(type(layer), "calls", 1),
    "a new attribute of the class": lambda layer: setattr(type(layer), "fresh", 1),
    "a list of the class": lambda layer: layer.seen.append(1),
}


def snapshot(layer: Layer) -> str:
    """Everything that a layer reaches, as text; arrays by identity and bytes."""
    parts = [f"{name}: {id(value)} {_plain(value)}" for name, value in vars(layer).items()]
    own = {name: value for name, value in vars(Layer).items() if not name.startswith("__")}
    return "\n".join([*parts, str(own), str(np.random.get_state()), str(random.getstate())])  # noqa: NPY002


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype, value.flags.writeable, value.tolist() if value.dtype == object else value.tobytes()
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, np.random.BitGenerator):
        return value.state
    if isinstance(value, np.random.RandomState):
        return str(value.get_state(legacy=False))
    return value.getstate() if isinstance(value, random.Random) else value


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("ending", ["restore", "finish"])
def test_what_a_call_changes_is_put_back(what: str, ending: str) -> None:
    layer = Layer()
    state = State(lambda x: layer.W @ x)
    before = snapshot(layer)
    CHANGES[what](layer)
    assert snapshot(layer) != before
    getattr(state, ending)()
    assert snapshot(layer) == before


def test_slots_are_put_back() -> None:
    thing = Slotted()
    weight = thing.W
    state = State(thing)
    thing.W, thing.x = np.zeros(2), 3
    state.restore()
    assert thing.W is weight
    assert not hasattr(thing, "x")


def test_what_an_object_shows_as_an_array_is_put_back() -> None:
    frame = Frame()
    state = State((frame,))
    frame._values[:] = 7
    state.restore()
    assert frame._values.tolist() == [[1, 1], [1, 1]]


def test_globals_are_put_back() -> None:
    def forward(x: Any) -> Any:
        global COUNT  # noqa: PLW0603 - what users write
        COUNT += 1
        LOG.append(COUNT)
        return x

    state = State(forward)
    forward(1)
    state.restore()
    assert (COUNT, LOG) == (0, [])


def test_a_nonlocal_counter_is_put_back() -> None:
    count = 0

    def forward(x: Any) -> Any:
        nonlocal count
        count += 1
        return x

    state = State(forward)
    forward(1)
    state.restore()
    assert count == 0


def test_a_nonlocal_without_a_value_has_none_again() -> None:
    if False:
        late = 0

    def forward(x: Any) -> Any:
        nonlocal late
        late = x
        return x

    state = State(forward)
    forward(1)
    state.restore()
    (cell,) = forward.__closure__ or ()
    with pytest.raises(ValueError, match="empty"):
        _ = cell.cell_contents


def test_a_cached_helper_forgets_what_our_calls_put_in() -> None:
    @functools.lru_cache
    def helper(x: float) -> float:
        return x * x

    helper(1.0)
    state = State(lambda x: helper(x))
    state.restore()
    assert helper.cache_info().currsize == 1  # nothing was put in: nothing is lost
    helper(np.longdouble(2))
    state.restore()
    assert helper.cache_info().currsize == 0


def test_what_does_not_change_is_not_written() -> None:
    """A large state costs a look at the first evaluations, and little after them."""
    data = np.zeros(4_000_000)
    state = State(lambda w: data @ w)
    for _ in range(6):
        state.restore()
    start = time.process_time()
    for _ in range(100):
        state.restore()
    few = time.process_time() - start
    start = time.process_time()
    state.finish()
    assert few < 20 * max(time.process_time() - start, 1e-3)
    data[5] = 1
    state.finish()
    assert data[5] == 0


def test_a_function_of_a_library_is_left_alone() -> None:
    things = list(reached(np.linalg.solve, json_like))
    assert json_like in things
    assert not any(thing is np or thing is collections.OrderedDict for thing in things)


def json_like(x: Any) -> Any:
    return collections.OrderedDict(x=x)


class Affine:
    """A layer that casts its weights, and keeps what it got."""

    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(3, 2))
        self.bn_param: dict[str, Any] = {"mode": "train"}

    def forward(self, x: Any) -> Any:
        self.W = self.W.astype(x.dtype)
        self.x = x
        self.bn_param["running_mean"] = x.mean(axis=0)
        return x @ self.W

    def backward(self, dout: Any) -> Any:
        self.dW = self.x.T @ dout
        return dout @ self.W.T


def test_after_a_check_a_layer_is_as_before() -> None:
    layer = Affine()
    weight, values = layer.W, layer.W.copy()
    report = check(layer.forward, layer.backward, (np.random.default_rng(1).normal(size=(4, 3)),))
    assert report.ok, report
    assert layer.W is weight
    assert layer.W.dtype == np.float64
    assert np.array_equal(layer.W, values)
    assert vars(layer).keys() == {"W", "bn_param"}
    assert layer.bn_param == {"mode": "train"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_after_an_interruption_a_layer_is_as_before(error: type[BaseException]) -> None:
    layer = Affine()
    weight, calls = layer.W, 0

    def forward(x: Any) -> Any:
        nonlocal calls
        calls += 1
        out = layer.forward(x)
        if np.asarray(x).dtype == np.longdouble:  # the probes are over, the measurement has begun
            raise error
        return out

    with pytest.raises(error):
        check(forward, layer.backward, (np.ones((4, 3)),))
    assert calls == 0
    assert layer.W is weight
    assert vars(layer).keys() == {"W", "bn_param"}


class Carrying:
    """A recurrent layer that goes on from where its last call ended."""

    def __init__(self) -> None:
        self.weight, self.state = np.random.default_rng(0).normal(size=(3, 3)), np.zeros(3)

    def forward(self, x: Any) -> Any:
        self.state = np.tanh(x + self.weight @ self.state)
        return self.state

    def backward(self, dout: Any) -> Any:
        return dout * (1 - self.state**2)


def test_a_state_that_is_carried_from_call_to_call_is_told_and_the_gradient_is_linear() -> None:
    layer = Carrying()
    report = check(layer.forward, layer.backward, np.random.default_rng(1).normal(size=3))
    assert [(finding.about, finding.verdict) for finding in report] == [("second call", "cannot tell"), ("dx", "right")]
