"""The lesson's runs: one setting of the XOR network, trained by the reference and by each framework from the same weights."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

import numpy as np

import adapters
from gradwitness.arithmetic import Unstable, measure, wider
from gradwitness.frameworks import Unavailable
from reference import MODELS, OPTIMIZERS
from reference.models.two_layer import XOR_X, XOR_Y, predict, xor_params
from reference.training import train

Array = np.ndarray[Any, np.dtype[Any]]
Tick = Callable[[], None]
Watch = Callable[[str], Tick]

MODE = {"torch": "eager", "tensorflow": "graph", "jax": "jit"}  # the quickest for a thousand small steps, compiling included
LOSS = {"bce": "binary_cross_entropy", "mse": "mse"}


@dataclass(frozen=True)
class Setting:
    """One training run: network, start, rate, length and loss ("bce" or "mse")."""

    hidden: int
    seed: int
    rate: float
    epochs: int
    loss: str

    def __str__(self) -> str:
        return f"{self.hidden} hidden unit{'s' if self.hidden > 1 else ''}"

    def wider(self) -> Setting:
        """What to try where this one does not learn: eight hidden units, or else twice as many."""
        return replace(self, hidden=8 if self.hidden < 8 else 2 * self.hidden)

    def single(self) -> Setting:
        """The same with the rate rounded to float32, as a framework may keep it."""
        with np.errstate(over="ignore"):
            return replace(self, rate=float(np.float32(self.rate)))


@dataclass(frozen=True)
class History:
    """What a run leaves: losses (epochs + 1,), before each update and after the last; predictions before and after (4,)."""

    losses: Array
    initial: Array
    final: Array

    @property
    def epochs(self) -> int:
        """How many updates were made."""
        return len(self.losses) - 1

    @property
    def right(self) -> Array:
        """Which final predictions are on the right side of 0.5, (4,) of bool; 0.5 itself is on neither."""
        return np.where(XOR_Y.ravel() > 0.5, self.final > 0.5, self.final < 0.5)

    @property
    def learned(self) -> bool:
        """Whether all four are."""
        return bool(self.right.all())

    @property
    def values(self) -> Array:
        """What columns are compared by: losses and predictions (epochs + 9,)."""
        return np.concatenate([self.losses, self.initial, self.final])


@dataclass
class Outcome:
    """A setting in every implementation that could run it, filled in as the runs end.

    missing   column -> why there is none
    spread    how far rounding alone moves the reference's losses and predictions; None until measured
    rounded   the reference at the rate rounded to float32, where that is another rate
    """

    setting: Setting
    columns: dict[str, History] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    spread: float | None = None
    rounded: History | None = None


@dataclass(frozen=True)
class Network:
    """A network in training: step() -> loss () before the update, loss() -> () now, predict() -> (4,) now."""

    step: Callable[[], Array]
    loss: Callable[[], Array]
    predict: Callable[[], Array]


def reference(setting: Setting, lift: Callable[[Array], Array] = np.asarray, dtype: Any = np.float64) -> Network:
    """The hand-derived network. lift and dtype convert data and labels, as `gradwitness.arithmetic.measure` asks."""
    model, config = MODELS["two_layer"], {"loss": LOSS[setting.loss]}
    x, labels = lift(XOR_X), XOR_Y.astype(dtype)
    params = {name: lift(value) for name, value in xor_params(setting.seed, setting.hidden).items()}
    batches = repeat({"x": x, "labels": labels})
    steps = train(model, params, batches, optimizer=OPTIMIZERS["sgd"], hyper={"lr": setting.rate}, config=config)

    def step() -> Array:
        nonlocal params
        loss, params, _ = next(steps)
        return loss

    return Network(step, lambda: model.forward(params, x, labels=labels, **config)[0], lambda: predict(params, x).ravel())


def adapted(name: str, setting: Setting) -> Network:
    """The same network in a framework: its own model, its own optimizer, its own loop. Raises Unavailable."""
    adapter = adapters.load(name)
    put, get = adapter.framework.from_numpy, adapter.framework.to_numpy
    x, batch = put(XOR_X), {"x": put(XOR_X), "labels": put(XOR_Y)}
    model = adapter.models["two_layer"].from_reference(xor_params(setting.seed, setting.hidden), loss=LOSS[setting.loss])
    trainer = adapter.trainer(model, adapter.optimizers["sgd"](lr=setting.rate), MODE.get(name, "eager"))
    return Network(
        step=lambda: get(trainer.step(batch)),
        loss=lambda: get(adapter.loss(trainer.model)(batch)),
        predict=lambda: get(adapter.predict(trainer.model)(x)).ravel(),
    )


@contextmanager
def held() -> Iterator[threading.Event]:
    """Ctrl-C sets the event instead of breaking off half an update; the second one breaks off after all."""
    asked = threading.Event()

    def handle(_number: int, _frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def run(network: Network, epochs: int, tick: Tick = lambda: None) -> History:
    """Train for so many epochs, calling tick after each; fewer after Ctrl-C."""
    losses: list[Array] = []
    with held() as interrupted, np.errstate(all="ignore"):  # too large a rate overflows: the table shows it
        initial = network.predict()
        while len(losses) < epochs and not interrupted.is_set():
            losses.append(network.step())
            tick()
        return History(np.stack([*losses, network.loss()]), initial, network.predict())


def fill(outcome: Outcome, names: Iterable[str], watch: Watch) -> None:
    """Run a setting in every column, and measure what rounding alone does to it.

    Raises KeyboardInterrupt after Ctrl-C; what is done by then is in outcome.
    """
    setting = outcome.setting

    def complete(history: History) -> History:
        if history.epochs < setting.epochs:
            raise KeyboardInterrupt
        return history

    def perturbed(lift: Callable[[Array], Array]) -> list[Array]:
        network = reference(setting, lift, wider(np.float64))
        history = complete(run(network, setting.epochs, watch("measuring what rounding does")))
        return [history.losses, history.initial, history.final]

    for name in names:
        watch(f"{name}: loading")
        try:
            network = reference(setting) if name == "numpy" else adapted(name, setting)
            outcome.columns[name] = run(network, setting.epochs, watch(f"{name}: {setting}"))
        except Unavailable as reason:
            outcome.missing[name] = str(reason)
        except Exception as error:  # what a framework raises is its own business: torch, for one, where a prediction is nan
            if name == "numpy":
                raise
            outcome.missing[name] = f"{type(error).__name__}: {error}"
        else:
            complete(outcome.columns[name])
    if len(outcome.columns) > 1:
        if setting.single() != setting:
            outcome.rounded = complete(run(reference(setting.single()), setting.epochs))
        try:  # two samples: the largest spread of a whole path is steady enough
            spreads = measure(perturbed, np.float64, seed=setting.seed, samples=2, stacked=True)
            outcome.spread = max(float(measured.spread.max()) for measured in spreads)
        except Unstable:
            outcome.spread = math.inf
