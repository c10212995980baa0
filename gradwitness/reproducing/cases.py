"""What a script shows, and how it is examined again on smaller inputs. A report that found something wrong holds one."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.report.findings import FAULTS, Finding
from gradwitness.reproducing import keras_layers, modules
from gradwitness.reproducing.document import written_as
from gradwitness.reproducing.faults import OVERWRITTEN, fault
from gradwitness.reproducing.given import Arrays, Given
from gradwitness.reproducing.laws import law
from gradwitness.reproducing.script import Script
from gradwitness.reproducing.shrink import Shrinking
from gradwitness.reproducing.source import PASTE
from gradwitness.subjects.errors import BadCall, UserError, first_line
from gradwitness.subjects.tensors.backend import Backend
from gradwitness.subjects.tensors.origins import load
from gradwitness.subjects.tensors.precision import EPS


def shows(text: str) -> str:
    """Why a script does not show a fault, by running it: empty where its exit status is 1. One into which source has to be pasted
    cannot be asked.
    """
    if PASTE in text:
        return ""
    module = types.ModuleType("reproducer")
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module  # where dataclasses, such as modules of flax.linen, look for names
    try:
        with redirect_stdout(StringIO()), np.errstate(all="ignore"):
            exec(compile(text, "reproducer.py", "exec"), vars(module))  # noqa: S102  the user's own function, as it ran before
    except SystemExit as end:
        return "" if end.code == 1 else "it does not show with round cotangents"
    except Exception as error:  # whatever the user's code raises: then there is another finding to write about
        return f"a script about it fails: {type(error).__name__}: {first_line(str(error))}"
    finally:
        sys.modules.pop(module.__name__, None)
        if before is not None:  # a module of the user's own
            sys.modules[module.__name__] = before
    return "it does not end"


Cotangent = Callable[[tuple[int, ...]], Array]
"""A shape -> a cotangent whose numbers have few digits."""


def ones(shape: tuple[int, ...]) -> Array:
    """All ones: the sum of the outputs."""
    return np.ones(shape)


def tenths(shape: tuple[int, ...]) -> Array:
    """Small numbers of one or two digits that all differ a little."""
    found = np.round(np.random.default_rng(0).normal(size=shape), 1)
    return np.where(found == 0, 0.5, found)


Again = Callable[[Any, Mapping[str, Any], Cotangent, int], Sequence[Finding]]
"""(inputs, kwargs, cotangent, the one output that is looked at) -> what is found about them."""


class NoScript(ValueError):
    """What is wrong cannot be shown by a script. The message says why."""


TRIED = 5
"""Wrong results that are tried, until one shows."""
Outputs = Mapping[int, Mapping[str, str]]
"""Number of an output -> function -> its name there: "out[y]"."""


@dataclass
class Case:
    """A call whose findings can be shown again.

    functions  name -> (framework, function)
    given      the inputs, copied
    again      how other inputs are examined, for a finding. Raises NoScript where no script can show it
    dtype      in which the functions run
    way        what tells the truth about a finding: see `Script`
    outputs    those that are looked at: the number of each, and what each function calls it
    contexts   the frameworks
    exact      the dtype in which laws are shown
    reference  the function that is right by definition, where the truth is its values
    """

    functions: Mapping[str, tuple[str, Callable[..., Any]]]
    given: Given
    again: Callable[[Finding], Again]
    dtype: str
    way: Callable[[Finding], str]
    outputs: Outputs
    contexts: Sequence[Backend] = field(default_factory=list)
    exact: str = "float64"
    reference: Mapping[str, tuple[str, Callable[..., Any]]] = field(default_factory=dict)

    def script(self, findings: Sequence[Finding], versions: Sequence[str]) -> str:
        """The script about the first finding that one can be written about. Raises ValueError where there is none."""
        wrong = sorted((finding for finding in findings if finding.verdict in FAULTS), key=lambda f: fault(f) != OVERWRITTEN)
        if not wrong:
            raise ValueError("nothing is wrong in this report: there is nothing to reproduce")
        self._refuse()
        why: list[str] = []
        with ExitStack() as stack:
            if any(backend.name == "jax" for backend in self.contexts):  # a script, which runs here once, sets it for good
                config = importlib.import_module("jax").config
                stack.callback(config.update, "jax_enable_x64", config.jax_enable_x64)
            for backend in self.contexts:
                stack.enter_context(backend.reproducible())
                stack.callback(backend.random_state())
            for finding in wrong[:TRIED]:
                try:
                    return self._about(finding, self.again(finding), ", ".join(versions))
                except NoScript as error:
                    why.append(f"{finding.about}: {error}")
        raise ValueError(f"no script can be written. {self._hooks()}{'. '.join(why)}")

    def _refuse(self) -> None:
        """Complex numbers; parameters of anything but modules of PyTorch, and layers of Keras' own."""
        if any(dtype.startswith("complex") for dtype in self.given.dtypes.values()):
            raise ValueError("scripts show real numbers: make real and imaginary parts inputs of a plain function")
        for name, (framework, function) in self.functions.items():
            if isinstance(function, tuple):
                why = "is a forward and a backward of NumPy: no framework is to blame. See `check`"
                raise ValueError(f"{name} {why}")  # noqa: TRY004  what cannot be written down, whatever its type
            if framework in ("tensorflow", "jax") and load(framework).parameters(function):
                why = keras_layers.obstacle(function) if keras_layers.is_layer(function) else "they are held by an object"
                if why or not self.given.own:
                    because = why or "each function has its own"
                    cure = "make them inputs of a plain function"
                    raise ValueError(f"the parameters of {name} cannot be written down, for {because}: {cure}")

    def _hooks(self) -> str:
        """The sentence about what modules of PyTorch have and a script has not; empty where that is nothing."""
        held = [function for framework, function in self.functions.values() if framework == "torch"]
        found = [what for function in held if hasattr(function, "named_modules") and (what := modules.left_out(function))]
        cure = "make a plain function that does it, or a class whose forward does"
        return f"A script makes modules anew, without what was put on them, and {', '.join(found)}: {cure}. " if found else ""

    def _about(self, finding: Finding, again: Again, version: str) -> str:
        """The script about one finding. Raises NoScript where it does not show with round cotangents."""
        given, why = self.given, "it does not show with round cotangents"
        way = self.way(finding)
        for cotangent in (tenths,) if fault(finding) or law(finding) else (ones, tenths):
            for output, names in self.outputs.items():
                search = _Search(given, again, finding.about, cotangent, output)
                if not search.shows(given.arrays):
                    continue
                smallest = Shrinking(search.shows, given.floats()).smallest(given.arrays)
                for arrays in (smallest, given.arrays):
                    search.shows(arrays)
                    found = search.found or finding
                    script = Script(
                        {**self.functions, **self.reference} if way == "reference" else self.functions,
                        given,
                        arrays,
                        cotangent,
                        {**names, **{name: next(iter(names.values())) for name in self.reference}},
                        replace(found, explanation=found.explanation or finding.explanation),
                        dtype_of(finding, self.dtype),
                        way,
                        mode_of(finding),
                        self.exact,
                    )
                    text = written_as(script, version)
                    if not (why := shows(text)):
                        return text
        raise NoScript(why)


def dtype_of(finding: Finding, dtype: str) -> str:
    """The dtype that a finding is about: "float32" of "float32, jit: dx"."""
    label, colon, _ = finding.about.partition(": ")
    label = label.partition(", ")[0]
    return label if colon and label in EPS else dtype


def mode_of(finding: Finding) -> str:
    """The mode that it is about."""
    label, colon, _ = finding.about.partition(": ")
    dtype, comma, mode = label.partition(", ")
    return mode if colon and comma and dtype in EPS else "eager"


@dataclass
class _Search:
    """Whether smaller inputs show the same."""

    given: Given
    again: Again
    about: str
    cotangent: Cotangent
    output: int
    found: Finding | None = None

    def shows(self, arrays: Arrays) -> bool:
        """Examine them."""
        inputs, kwargs = self.given.of(arrays)
        try:
            found = self.again(inputs, kwargs, self.cotangent, self.output)
        except (UserError, BadCall, ArithmeticError, ValueError, IndexError):
            return False
        same = [f for f in found if f.verdict in FAULTS and (f.about in self._names or self._is_out(f.about))]
        self.found = same[0] if same else self.found
        return bool(same)

    @property
    def _names(self) -> tuple[str, ...]:
        """As it is called now, and where one output is looked at alone."""
        gradient = self.about.partition(", out")[0] if self.about.endswith(" alone") else self.about
        return (self.about, gradient, self.about.partition(": ddout[")[0] + ": ddout")

    def _is_out(self, about: str) -> bool:
        """An output that is looked at alone may have lost its number."""
        (one, _, name), (other, _, wanted) = (each.rpartition(": ") for each in (about, self.about))
        return one == other and name.startswith("out") and _numberless(name) == _numberless(wanted)


def _numberless(name: str) -> str:
    """What a result is called, without the number of the output: "out[1], vmap" becomes "out, vmap"."""
    first, comma, rest = name.partition(", ")
    first, _, alone = first.partition(" ")
    return f"{first.partition('[')[0]} {alone}{comma}{rest}"
