"""What a training run is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conformance.recipes.data import Array
from gradwitness.subjects.pair import floats_to, tree_map
from reference import MODELS, Op

Params = dict[str, Array]
Batch = Mapping[str, Any]

TINY = 2.0**-99
"""An epsilon that keeps 0/0 out of Adam and changes nothing else, wherever a framework adds it."""


@dataclass(frozen=True)
class Recipe:
    """One training run. Arrays of floats are float64; `batches` casts them.

    model       its name in reference.MODELS
    start       () -> parameters and running statistics before the first step
    data        () -> the batches, at least as many as there are steps: x and labels, or what else the model's forward takes
    optimizer   its name in reference.OPTIMIZERS
    hyper       its hyper-parameters. They are exact in every binary dtype, because Keras keeps rates in float32. Under them all
                frameworks' definitions coincide: a constant rate where there is momentum, for Adam an eps far below every
                gradient (`TINY`)
    steps       how many updates
    test        () -> the inputs of the test set, and the targets
    evaluate    the reference's predict, (params, x, **) -> outputs; a framework's model is called instead
    score       (outputs, targets) -> a number: accuracy, or loss
    metric      what the score is, in words; at_least and at_most say what it must reach
    config      the model's keyword arguments besides its arrays
    judged      dtype -> over how many steps runs are compared step by step. A dtype that is not there is not compared. None: all
                steps, in both dtypes. Evidence takes several runs, in longdouble and without BLAS; that limits the steps
    sample      (parameters, running statistics) -> what the trained network makes, as text; None if it makes nothing
    """

    model: str
    start: Callable[[], tuple[Params, Params]]
    data: Callable[[], Iterator[Batch]]
    optimizer: str
    hyper: Mapping[str, Any]
    steps: int
    test: Callable[[], tuple[Array, Array]]
    evaluate: Callable[..., Array]
    score: Callable[[Array, Array], float]
    metric: str
    at_least: float | None = None
    at_most: float | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    judged: Mapping[str, int] | None = None
    sample: Callable[[Params, Params], str] | None = None

    @property
    def op(self) -> Op:
        """The reference's model."""
        return MODELS[self.model]

    def batches(self, dtype: Any = np.float64) -> Iterator[Batch]:
        """What `data` gives, its floats in dtype."""
        return (tree_map(floats_to(dtype), batch) for batch in self.data())

    def arguments(self, params: Params, state: Params, batch: Batch) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the model's forward takes for a batch: positional arguments (the parameters, x if there is one) and keywords."""
        keywords = {**batch, **self.config, **({"state": state} if self.op.detached else {})}
        x = [keywords.pop("x")] if "x" in keywords else []
        return (params, *x), keywords

    def steps_judged(self, dtype: Any) -> int:
        """How many steps are compared at most; 0 if none is."""
        return self.steps if self.judged is None else self.judged.get(np.dtype(dtype).name, 0)

    @property
    def scored(self) -> str:
        """The dtype in which every framework runs the whole recipe, for its score: the quicker one of those that are judged."""
        return "float32" if self.steps_judged("float32") else "float64"

    def predict(self, params: Params, x: Array, state: Params) -> Array:
        """The reference's outputs in evaluation. It gets the keywords of the configuration that it has."""
        taken = inspect.signature(self.evaluate).parameters
        given = {**self.config, "state": state}
        return self.evaluate(params, x, **{name: value for name, value in given.items() if name in taken})

    def reached(self, score: float) -> bool:
        """Whether a score is good enough."""
        return (self.at_least is None or score >= self.at_least) and (self.at_most is None or score <= self.at_most)
