"""The script itself: what is wrong in a sentence, the function, the smallest inputs, both results, and the truth."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.report.findings import Finding
from gradwitness.reproducing import faults, multiprecision
from gradwitness.reproducing.faults import SAID
from gradwitness.reproducing.given import Arrays, Given
from gradwitness.reproducing.helpers import CONVERT, DIFFERENCES, HELPERS, IMPORTS
from gradwitness.reproducing.source import source_of
from gradwitness.subjects.tensors.function import is_real

TITLES = {"torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX", "numpy": "NumPy"}
WIDE = 100


@dataclass
class Script:
    """What a script is written from.

    functions   name -> (framework, function)
    arrays      the inputs
    cotangent   of a shape
    output      function -> the name of the one output that is looked at: "out[y][0]"
    finding     what is wrong
    dtype       in which the functions run
    way         what tells the truth: "derivative", by differences; "dtype", the same in float64; "others", the functions
    """

    functions: Mapping[str, tuple[str, Callable[..., Any]]]
    given: Given
    arrays: Arrays
    cotangent: Callable[[tuple[int, ...]], Array]
    output: Mapping[str, str]
    finding: Finding
    dtype: str
    way: str

    @property
    def about(self) -> str:
        """The result: "out", or d and the name of an input in the script."""
        plain = self.finding.about.rpartition(": ")[2]
        if plain.startswith("out"):
            return "out"
        known = {f"d{_written(path)}": f"d{self.given.names[path]}" for path in self.given.floats()}
        known |= {f"d{name}": f"d{given}" for name, given in self.given.own_names.items()}
        return known.get(plain, plain)


def _written(path: tuple[Any, ...]) -> str:
    first, *rest = path[1:]
    return f"{first}" + "".join(f"[{key}]" for key in rest)


def written_as(script: Script, version: str) -> str:
    """The text."""
    frameworks = list(dict.fromkeys(name for name, _ in script.functions.values()))
    alone = len(script.functions) == 1
    sources = {
        name: source_of(function, framework, "function" if alone else f"function_{_name(name)}")
        for name, (framework, function) in script.functions.items()
    }
    imports = ["import numpy as np"]
    for line in [*(line for name in frameworks for line in IMPORTS[name]), *(i for s in sources.values() for i in s.imports)]:
        if line not in imports:
            imports.append(line)
    blocks = [
        _headline(script, version, frameworks, pasted=any(source.pasted for source in sources.values())),
        "\n".join(imports),
        "\n\n".join(dict.fromkeys(text.strip() for source in sources.values() for text in source.definitions.values())),
        _inputs(script),
        "\n\n\n".join(HELPERS[name].strip() for name in frameworks),
        "\n\n\n".join(_forward(script, name, framework, sources[name].name) for name, (framework, _) in script.functions.items()),
        _shown(script),
    ]
    return "\n\n\n".join(block for block in blocks if block) + "\n"


def _name(name: str) -> str:
    plain = "".join(c if c.isalnum() else "_" for c in name)
    return plain if plain.isidentifier() else f"function_{plain}"


def _headline(script: Script, version: str, frameworks: list[str], pasted: bool) -> str:
    finding = script.finding
    needs = " and ".join(TITLES[name] for name in frameworks if name != "numpy")
    said = {
        "derivative": "The gradient that automatic differentiation returns is not the derivative of what the function returns. "
        "Central differences of its values in float64 say so: they know no rule, only values.",
        "dtype": f"The result in {script.dtype} is further from the truth than rounding explains. The truth is the function in "
        f"float64, on the very same numbers.",
        **SAID,
        "others": "Functions that should compute the same do not.",
    }[script.way]
    lines = [f"{finding.about if script.way in SAID else script.about}: {finding.verdict}.", "", *textwrap.wrap(said, WIDE)]
    for more in (finding.explanation, finding.message):
        if more:
            lines += ["", *textwrap.wrap(more, WIDE)]
    lines += ["", f"This script needs {needs or 'nothing'} and NumPy alone. It was seen with {version}."]
    if pasted:
        lines += ["Paste the source of the function where the script says so: it does not stand alone."]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''")
    return f'"""{text}\n"""'


def _inputs(script: Script) -> str:
    lines = []
    floats = []
    for name, array in script.given.own.items():
        lines.append(f"{script.given.own_names[name]} = {_array(array, len(script.given.own_names[name]))}")
        floats.append(script.given.own_names[name])
    for path, array in script.arrays.items():
        name = script.given.names[path]
        lines.append(f"{name} = {_array(script.given.rounded(path, array), len(name))}")
        if is_real(script.given.dtypes[path]):
            floats.append(name)
    lines.append(f"values = {{{', '.join(f'{name!r}: {name}' for name in floats)}}}")
    return "\n".join(lines)


def _array(array: Array, width: int) -> str:
    """An array as code, each number with as many digits as it has. The name before it has so many letters."""
    prefix = " " * (width + len(" = np.array("))
    text = np.array2string(array, separator=", ", threshold=sys.maxsize, max_line_width=WIDE, floatmode="unique", prefix=prefix)
    for word in ("nan", "inf"):
        text = text.replace(word, f"np.{word}")
    kind = "" if array.dtype.kind == "f" else f", dtype={array.dtype.name!r}"
    return f"np.array({text}{kind})"


def _forward(script: Script, name: str, framework: str, function: str) -> str:
    """The call that is examined, as a function of the floats."""
    names = [*(script.given.names[path] for path in script.given.floats()), *script.given.own_names.values()]
    call = script.given.call(function, CONVERT[framework])
    keys = re.findall(r"\[([^\]]*)\]", script.output[name])
    picked = "".join(f"[{key}]" if key.isdigit() else f"[{key!r}]" for key in keys)
    return f"def forward_{_name(name)}({', '.join(names)}):\n    return {call}{picked}"


def _shown(script: Script) -> str:
    """The results, and what tells the truth."""
    first, (framework, function) = next(iter(script.functions.items()))
    about = script.about
    shape = f"with_{framework}(forward_{_name(first)}, values, {script.dtype!r}, {script.dtype!r}, None)['out'].shape"
    dout = "np.ones" if script.cotangent.__name__ == "ones" else "tenths"
    lines = ["" if dout == "np.ones" else TENTHS, f"dout = {dout}({shape})  # the cotangent of out"]
    if script.way in SAID:
        lines = [*lines[:1], lines[1].replace(repr(script.dtype), "'float64'")]
        return "\n".join([*filter(None, lines), faults.lines(script.way, script.finding, f"forward_{_name(first)}")])
    if script.way == "derivative":
        lines += [
            f"got = with_{framework}(forward_{_name(first)}, values, 'float64', 'float64', dout)[{about!r}]",
            "\n\n" + DIFFERENCES.strip().format(helper=f"with_{framework}", forward=f"forward_{_name(first)}") + "\n\n",
            f"truth = differences({about[1:]!r})",
            f"results = {{{'automatic differentiation'!r}: got}}",
        ]
    elif script.way == "dtype":
        helper = f"with_{framework}(forward_{_name(first)}, values, {script.dtype!r}, "
        lines += [
            f"got = {helper}{script.dtype!r}, dout)[{about!r}]",
            f"truth = {helper}'float64', dout)[{about!r}]",
            f"results = {{{script.dtype!r}: got}}",
        ]
    else:
        lines.append("results = {")
        for name, (whose, _) in script.functions.items():
            call = f"with_{whose}(forward_{_name(name)}, values, {script.dtype!r}"
            lines.append(f"    {name!r}: {call}, {script.dtype!r}, dout).get({about!r}),")
            lines.append(f"    {name + ' in float64'!r}: {call}, 'float64', dout).get({about!r}),")
        lines += ["}", "truth = None"]
    lines += _exact(script, function)
    lines.append(PRINTED.strip().format(about=about))
    if script.way != "derivative" and np.isfinite(script.finding.allowance):
        lines.append(f"print('rounding alone explains', {script.finding.allowance:.3g})")
    return "\n".join(line for line in lines if line)


def _exact(script: Script, function: Any) -> list[str]:
    """What mpmath says of the worst element, for a function of one number."""
    floats = script.given.floats()
    if len(floats) != 1 or script.given.tree["kwargs"] or len(script.arrays) != 1:
        return []
    array = script.given.rounded(floats[0], script.arrays[floats[0]])
    index = script.finding.index
    if len(index) != array.ndim:
        return []
    order = 0 if script.about == "out" else 1
    found = multiprecision.exact(function, float(array[index]), order)
    what = "the derivative of the function" if order else "the function"
    return [f"print('mpmath, 50 digits: {what} at {float(array[index])!r} is {found}')"] if found else []


TENTHS = '''
def tenths(shape):
    """Small numbers that all differ a little."""
    found = np.round(np.random.default_rng(0).normal(size=shape), 1)
    return np.where(found == 0, 0.5, found)

'''
PRINTED = """
for name, result in results.items():
    print(f"{about} by {{name}}:", None if result is None else result.tolist())
if truth is not None:
    print("{about}, the truth:", truth.tolist())
    print("largest difference:", np.max(np.abs(result - truth)))
"""
