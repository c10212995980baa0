"""A function of a framework: its tensors, and their gradients by automatic differentiation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.arguments import Leaf
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.reach import rule_of
from gradwitness.subjects.tensors.backend import Backend, Exact, Inside, Operations, Run, Vjp
from gradwitness.subjects.tensors.call import Running, TensorCall
from gradwitness.subjects.tensors.drawing import random_state
from gradwitness.subjects.tensors.given import Given
from gradwitness.subjects.tensors.naming import name_of
from gradwitness.subjects.tensors.precision import EPS, FLOAT64, OWN, Precision, is_real
from gradwitness.subjects.tensors.selection import Asked, chosen
from gradwitness.subjects.tensors.tree import Path, tensors, written


class Differentiated:
    """A function at its inputs.

    leaves    the differentiated tensors as arrays: inputs, keyword arguments, parameters of a module
    dtypes    their dtypes
    fixed     other floats that it is given, by their paths: in a precision, and not differentiated
    insisted  leaves that somebody wants a gradient of: by wrt, by requires_grad, as a parameter
    ungiven   leaves of which the framework gave no gradient (None), in the last call of backward
    precision  in which `forward` runs
    operations  what is known of its inside, once `look_inside` was called
    undone     whether differences are taken without the rounding of casts inside it
    passed    "keyword" or "position": how arguments are handed over instead of as they came
    keywords   what it is given by keyword
    words      what it and its backward are called where they raise
    """

    asked, keeps_dtype, of_a_loss, undone = False, True, False, False
    operations = Operations()
    unread = "The function returns the same for other inputs: it does not use what it is given"

    def __init__(
        self,
        backend: Backend,
        function: Callable[..., Any],
        inputs: Any,
        kwargs: Mapping[str, Any] | None = None,
        *,
        wrt: Asked = None,
        outputs: Asked = None,
        mode: str = "eager",
        called: str = "",
    ) -> None:
        self.backend, self.function, self.mode, self.precision = backend, function, mode, FLOAT64
        self.words = (called, f"the backward of {called}") if called else ("the function", "its backward")
        self._given = Given(function, inputs, kwargs)
        try:
            backend.prepared(function, *self._given.arguments())
        except Exception as error:
            raise UserError(self.words[0], error) from error
        self._given.tree["parameters"] = dict(backend.parameters(function))
        found = [(path, value) for path, value in tensors(self._given.tree, backend.holds) if is_real(backend.dtype(value))]
        marked = wrt is None and any(backend.marked(value) for path, value in found if path[0] != "parameters")
        asked = [(path, value) for path, value in found if not marked or path[0] == "parameters" or backend.marked(value)]
        paths = chosen([(written(path[1:]), path) for path, _ in asked], self._given.names, wrt)
        self._leaves = [(path, value) for path, value in found if path in paths]
        self.keywords = dict(kwargs or {})
        self.fixed = {path: value for path, value in found if path not in paths}
        self.dtypes = [backend.dtype(value) for _, value in self._leaves]
        self.leaves = [
            Leaf(written(path[1:]), path, backend.array(value), backend.dtype(value).startswith("complex"))
            for path, value in self._leaves
        ]
        self.outputs = outputs
        self.insisted = {i for i, (path, _) in enumerate(self._leaves) if marked or wrt is not None or path[0] == "parameters"}
        self.ungiven: set[int] = set()
        self.passed = ""
        self._calling = backend.calling(function, mode)
        self._kept: dict[Precision, tuple[Running, Run, Vjp]] = {}
        self._looping = backend.looping(backend.vjp)
        self._random = random_state(backend, function, inputs, kwargs)
        self.data: list[tuple[str, Array]] = []
        numbers = [(path, np.asarray(value)) for path, value in tensors(self._given.tree, _is_number)]
        data = [(path, value) for path, value in tensors(self._given.tree, backend.holds) if _is_data(backend.dtype(value))]
        arrays = [(path, backend.array(value)) for path, value in [*found, *data]]
        self.handed: Mapping[str, Any] = {written(path[1:]): value for path, value in [*arrays, *numbers]}
        self.code: tuple[Callable[..., Any], ...] = rule_of(function)
        self.description = f"{name_of(function)}, {backend.title}"

    @property
    def eps(self) -> float:
        """Of what it computes in: the widest it has."""
        return self.eps_in(self.precision)

    def eps_in(self, precision: Precision) -> float:
        """The same in another precision."""
        name = "float64" if precision.exact else precision.computed or precision.stored
        names = [name] if name else [dtype for dtype in self.dtypes if dtype in EPS]
        if self.operations.narrowed and not precision.exact:
            names.append(self.operations.narrowed)
        return max((EPS[dtype] for dtype in names), default=EPS["float32"])

    @property
    def of_triangles(self) -> bool:
        """Whether functions of triangular matrices of the framework's own are in it."""
        return self.operations.triangles

    @property
    def arguments(self) -> list[str]:
        """The names of its inputs."""
        return self._given.names

    @property
    def by_name(self) -> bool:
        """Whether inputs came as a dict by name."""
        return self._given.by_name

    def place(self, leaf: Leaf) -> Path:
        """Where a leaf comes from, whatever the arguments are called: an input that comes by position is counted."""
        if self.by_name or leaf.path[0] != "inputs":
            return leaf.path
        return ("inputs", self.arguments.index(leaf.path[1]), *leaf.path[2:])

    def forward(self, arrays: Sequence[Any]) -> TensorCall:
        """Run it on these values. It is differentiated if `backward` is called, by another run."""
        values = [self.tensor(i, np.asarray(array), self.precision) for i, array in enumerate(arrays)]
        active = list(range(len(values)))
        if self.precision not in self._kept:
            running = self.running(values, self.precision, active)
            run = self.exact(self.precision, active).run(running) if self.precision.exact else running
            vjp = self.backend.differentiator(self._vjp(self.precision, active))
            self._kept[self.precision] = running, self.backend.evaluator(self.function, run), vjp
        running, evaluate, vjp = self._kept[self.precision]
        try:
            outs = evaluate(values)
        except BadCall:
            raise
        except Exception as error:
            raise UserError(self.words[0], error) from error
        again = partial(self.run, arrays, self.precision, vjp=vjp)
        return TensorCall(self, values, active, outs, running.names, None, nullcontext, again)

    def reached(self, arrays: Sequence[Array], precision: Precision | None = None) -> list[Array]:
        """The values, rounded to what it computes in; in another precision, if one is given."""
        precision = precision or self.precision
        if precision.exact or precision.computed == "float64":
            return list(arrays)
        return [self.backend.array(self.tensor(i, array, precision)).astype(array.dtype) for i, array in enumerate(arrays)]

    def tensor(self, which: int, array: Array, precision: Precision) -> Any:
        """A tensor for a leaf with these values, in a precision."""
        _, like = self._leaves[which]
        return _in_precision(self.backend, array, like, self.dtypes[which], FLOAT64 if precision.exact else precision)

    def exact(self, precision: Precision, active: Sequence[int]) -> Exact:
        """How it runs where nothing rounds: its leaves claim float64, or the dtypes that they came in."""
        return self.backend.exact([] if precision.computed else [self.dtypes[i] for i in active])

    def run(
        self,
        arrays: Sequence[Any],
        precision: Precision = OWN,
        only: Collection[int] | None = None,
        layout: str = "",
        laid_out: Collection[int] | None = None,
        vjp: Vjp | None = None,
    ) -> TensorCall:
        """Run it in a precision.

        only     the leaves that are differentiated; all if not given
        layout   in which its inputs lie in memory; see the backend
        laid_out  the leaves that do; all inputs if not given
        vjp      that differentiates it; the framework's own if not given
        """
        values = [self.tensor(i, np.asarray(array), precision) for i, array in enumerate(arrays)]
        if layout:
            inputs = [i for i, leaf in enumerate(self.leaves) if leaf.path[0] != "parameters"]  # a module makes those itself
            which = inputs if laid_out is None else [i for i in inputs if i in laid_out]
            values = [self.backend.laid_out(v, layout) if i in which else v for i, v in enumerate(values)]
        return self.on(values, precision, only, vjp)

    def on(
        self, values: Sequence[Any], precision: Precision = OWN, only: Collection[int] | None = None, vjp: Vjp | None = None
    ) -> TensorCall:
        """Run it on these very tensors."""
        active = sorted(range(len(values)) if only is None else only)
        running = self.running(values, precision, active)
        try:
            outs, pull = (vjp or self._vjp(precision, active))(running, [values[i] for i in active])
        except BadCall:
            raise
        except Exception as error:
            raise UserError(self.words[0], error) from error
        return TensorCall(self, values, active, outs, running.names, pull, running.inside)

    def _vjp(self, precision: Precision, active: Sequence[int]) -> Vjp:
        return self.exact(precision, active).vjp if precision.exact else self._looping

    def running(self, values: Sequence[Any], precision: Precision, active: Sequence[int]) -> Running:
        """The function of some leaves alone; the others have these values."""
        fixed = {
            path: _in_precision(self.backend, self.backend.array(value), value, self.backend.dtype(value), precision)
            for path, value in self.fixed.items()
        }
        return Running(self, values, precision, active, fixed)

    def look_inside(self) -> None:
        """Learn what is known of its operations where it runs in float64; or in its own dtypes, if it runs in those alone."""
        if not self._looks(FLOAT64) and self._looks(OWN) and self.operations.narrowed in self.dtypes:
            self.operations = replace(self.operations, narrowed="")  # than float64: it is its own dtype

    def look_at_rules(self) -> None:
        """Learn to what rules of somebody's own cast in backward, where what is known of forward does not cover it."""

        def gradients(leaves: Sequence[Any]) -> list[Any]:
            outs, pull = self.backend.vjp(running, leaves)
            return pull(outs)

        if not self.operations.unseen:
            return
        with suppress(Exception):  # what cannot be traced is not known
            values = [self.tensor(i, leaf.array, FLOAT64) for i, leaf in enumerate(self.leaves)]
            running = self.running(values, FLOAT64, range(len(values)))
            self.operations = replace(self.operations, narrowed=self.backend.operations(gradients, values).narrowed)

    def _looks(self, precision: Precision) -> bool:
        with suppress(Exception):  # it is called again, and then it is told
            values = [self.tensor(i, leaf.array, precision) for i, leaf in enumerate(self.leaves)]
            self.operations = self.backend.operations(self.running(values, precision, range(len(values))), values)
            return True
        return False

    @contextmanager
    def moved(self, move: Callable[[Array], Array]) -> Iterator[None]:
        """Inside, the floats that it is given as data have other values."""
        fixed, kept = self.fixed, self._kept
        backend = self.backend
        wide = {path: "complex128" if backend.dtype(value).startswith("complex") else "float64" for path, value in fixed.items()}
        try:
            self._kept = {}
            self.fixed = {
                path: backend.tensor(move(np.asarray(backend.array(value), np.float64)), value, wide[path])
                for path, value in fixed.items()
            }
            yield
        finally:
            self.fixed, self._kept = fixed, kept

    def given(self, keywords: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Inside, it is given these by keyword as well."""
        return self._given.extended(keywords)

    def lost(self, which: int) -> bool:
        """Whether a parameter that has no gradient has one where nothing is exchanged, in its own dtype."""
        part, name = self.leaves[which].path[:2]
        if part != "parameters":
            return False
        with suppress(Exception):  # then nothing is known
            return self.backend.lost(self.function, *self._given.arguments(), name)
        return False

    def draws(self, arrays: Sequence[Any]) -> bool:
        """Whether it draws random numbers from the framework's generator."""
        self._random()
        before = self.backend.drawn()
        self.run(arrays, self.precision)
        return self.backend.drawn() != before

    def called(self, new: Mapping[Path, Any], precision: Precision) -> tuple[Any, Inside]:
        """What it returns where tensors at some paths are replaced. Random numbers are those of the first call."""
        self._random()
        given = self._given.replaced(new)
        args, kwargs = self._given.arguments(given)
        if self.passed:
            bound = inspect.signature(self.function).bind(*args, **kwargs)
            args, kwargs = (bound.args, bound.kwargs) if self.passed == "position" else ((), dict(bound.arguments))
        return self._calling(given["parameters"], args, kwargs, precision)


def _is_data(dtype: str) -> bool:
    """Whether a dtype, by its name, is of labels or masks, which a factor or a mask of a gradient may come from."""
    return dtype.startswith(("int", "uint", "bool"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _in_precision(backend: Backend, array: Array, like: Any, dtype: str, precision: Precision) -> Any:
    """A tensor with these values, rounded to what is stored, in the dtype that computes."""
    wide = {"float64": "complex128", "float32": "complex64"} if dtype.startswith("complex") else {}
    stored, computed = [name and wide.get(name, name) for name in (precision.stored, precision.computed)]
    if stored is not None:
        array = backend.array(backend.tensor(array, like, stored))
    return backend.tensor(array, like, computed or stored or dtype)
