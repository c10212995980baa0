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
from gradwitness.reproducing import faults, laws, multiprecision
from gradwitness.reproducing.faults import SAID
from gradwitness.reproducing.given import Arrays, Given
from gradwitness.reproducing.helpers import CONVERT, DIFFERENCES, HELPERS, IMPORTS
from gradwitness.reproducing.source import source_of
from gradwitness.subjects.tensors.precision import is_real

TITLES = {"torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX", "numpy": "NumPy"}
BUILT = {"keras": "Keras", "flax": "Flax"}
"""What is built on a framework, and is needed as well where a script imports it."""
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
    way         what tells the truth: "derivative", by differences; "dtype", the same in float64; "others", the functions;
                "reference", the second of them; or what a fault or a law is called
    mode        how the framework compiles the function; "eager" if it does not
    exact       the dtype in which a law is shown
    """

    functions: Mapping[str, tuple[str, Callable[..., Any]]]
    given: Given
    arrays: Arrays
    cotangent: Callable[[tuple[int, ...]], Array]
    output: Mapping[str, str]
    finding: Finding
    dtype: str
    way: str
    mode: str = "eager"
    exact: str = "float64"

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
        _headline(script, version, _needs(frameworks, imports), pasted=any(source.pasted for source in sources.values())),
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


def _needs(frameworks: list[str], imports: list[str]) -> str:
    """What a script needs besides NumPy, in words."""
    built = [title for package, title in BUILT.items() if any(re.search(rf"\b{package}\b", line) for line in imports)]
    return ", ".join([*(TITLES[name] for name in frameworks if name != "numpy"), *built])


def _headline(script: Script, version: str, needs: str, pasted: bool) -> str:
    finding = script.finding
    said = {
        "derivative": "The gradient that automatic differentiation returns is not the derivative of what the function returns. "
        "Central differences of its values in float64 say so: they know no rule, only values.",
        "dtype": f"The result in {script.dtype} is further from the truth than rounding explains. The truth is the function in "
        f"float64, on the very same numbers.",
        **SAID,
        **laws.SAID,
        "others": "Functions that should compute the same do not.",
        "reference": f"A plain function that computes the same, in float64 and on the very same {script.dtype} inputs, says so.",
    }[script.way]
    named = finding.about if script.way in SAID or script.way in laws.SAID else script.about
    lines = [f"{named}: {finding.verdict}.", "", *textwrap.wrap(said, WIDE)]
    for more in (finding.explanation, finding.message):
        if more:
            lines += ["", *textwrap.wrap(more, WIDE)]
    lines += ["", f"This script needs {f'{needs} and ' if needs else ''}NumPy alone. It was seen with {version}."]
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
    module = framework == "torch" and not script.given.own and hasattr(script.functions[name][1], "named_parameters")
    as_wide = f".to({names[0]}.dtype)" if module and names else ""  # its parameters are constants of the script
    call = script.given.call(f"{function}{as_wide}", CONVERT[framework])
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
    if script.way in laws.SAID:
        lines = [*lines[:1], lines[1].replace(repr(script.dtype), repr(script.exact))]
    if script.way in laws.SAID and script.way != laws.ORDER:
        return "\n".join([*filter(None, lines), _law(script, framework, f"forward_{_name(first)}")])
    if script.way == laws.ORDER:
        call = f"with_{framework}(first_gradient, values, 'float64', 'float64', "
        lines = [
            *lines,
            "\n\n" + laws.first_gradient(framework, f"forward_{_name(first)}") + "\n\n",
            "values = {**values, 'dout': dout}",
            f"dout = {dout}({call}None)['out'].shape)  # the cotangent of the gradient",
            f"got = {call}dout)[{about!r}]",
            "\n\n" + DIFFERENCES.strip().format(helper=f"with_{framework}", forward="first_gradient") + "\n\n",
            f"truth = differences({about[1:]!r})",
            f"results = {{{'the derivative of the gradient'!r}: got}}",
        ]
    elif script.way == "derivative":
        lines += [
            f"got = with_{framework}(forward_{_name(first)}, values, 'float64', 'float64', dout)[{about!r}]",
            "\n\n" + DIFFERENCES.strip().format(helper=f"with_{framework}", forward=f"forward_{_name(first)}") + "\n\n",
            f"truth = differences({about[1:]!r})",
            f"results = {{{'automatic differentiation'!r}: got}}",
        ]
    elif script.way in ("dtype", "reference"):
        whose, (exact, _) = list(script.functions.items())[-1]
        compiled = "" if script.mode == "eager" else "compiled"
        if compiled:
            lines.append(f"compiled = {COMPILED[script.mode].format(f'forward_{_name(first)}')}")
        given = f"values, {script.dtype!r}, "
        lines += [
            f"got = with_{framework}({compiled or f'forward_{_name(first)}'}, {given}{script.dtype!r}, dout)[{about!r}]",
            f"truth = with_{exact}(forward_{_name(whose)}, {given}'float64', dout)[{about!r}]",
            f"results = {{{' '.join(filter(None, [script.dtype, compiled]))!r}: got}}",
        ]
    else:
        given = "None" if about == "out" else "dout"
        lines.append("results = {")
        for name, (whose, _) in script.functions.items():
            call = f"with_{whose}(forward_{_name(name)}, values, {script.dtype!r}"
            lines.append(f"    {name!r}: {call}, {script.dtype!r}, {given}).get({about!r}),")
            lines.append(f"    {name + ' in float64'!r}: {call}, 'float64', {given}).get({about!r}),")
        lines += ["}", "truth = None"]
    lines += _exact(script, function)
    lines.append(PRINTED.strip().format(about=about))
    if script.way not in ("derivative", laws.ORDER) and np.isfinite(script.finding.allowance):
        lines.append(f"print('rounding alone explains', {script.finding.allowance:.3g})")
    half = script.finding.distance / 2
    lines.append(ENDS.format(limit=repr(float(half)) if np.isfinite(half) and half > 0 else "np.inf").strip())
    return "\n".join(line for line in lines if line)


def _law(script: Script, framework: str, forward: str) -> str:
    """The lines about a law. About the first input where all inputs break it."""
    about = script.about.partition(",")[0].removesuffix(" alone")
    known = [script.given.names[path] for path in script.given.floats()] + [*script.given.own_names.values()]
    written = {f"d{_written(path)}": f"d{script.given.names[path]}" for path in script.given.floats()}
    about = {**written, **{f"d{name}": f"d{given}" for name, given in script.given.own_names.items()}}.get(about, about)
    name = about[1:] if script.way in (laws.ALONE, laws.FAILS) and about[1:] in known else ""
    if about == "out" or about.startswith("out["):
        about = "out"
    elif about[1:] not in known:
        about = f"d{known[0]}"
    return laws.lines(script.way, framework, forward, about, CONVERT[framework], name, script.exact)


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
    if result.shape == truth.shape:
        print("largest difference:", np.max(np.abs(result - truth), initial=0))
    else:
        print("shapes:", result.shape, truth.shape)
"""
ENDS = """
compared = [result for name, result in results.items() if result is not None and not name.endswith(" in float64")]
apart = [np.inf if one.shape != compared[0].shape else np.max(np.abs(one - compared[0]), initial=0) for one in compared[1:]]
if truth is not None:
    apart = [np.inf if one.shape != truth.shape else np.max(np.abs(one - truth), initial=0) for one in compared]
raise SystemExit(int(any(not difference < {limit} for difference in apart)))  # 1: apart by half of what was seen
"""
COMPILED = {
    "inductor": "torch.compile({}, fullgraph=True, dynamic=False)",
    "graph": "tf.function({}, autograph=False)",
    "xla": "tf.function({}, jit_compile=True, autograph=False)",
    "jit": "jax.jit({})",
}
