"""The script itself: what is wrong in a sentence, the function, the smallest inputs, both results, and the truth."""

from __future__ import annotations

import re
import sys
import textwrap

import numpy as np

from gradwitness.arrays import Array
from gradwitness.reproducing import laws
from gradwitness.reproducing.faults import SAID
from gradwitness.reproducing.helpers import CONVERT, HELPERS, IMPORTS
from gradwitness.reproducing.results import shown
from gradwitness.reproducing.script import Script, as_name
from gradwitness.reproducing.source import source_of
from gradwitness.subjects.tensors.precision import is_real

TITLES = {"torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX", "numpy": "NumPy"}
BUILT = {"keras": "Keras", "flax": "Flax"}
"""What is built on a framework, and is needed as well where a script imports it."""
WIDE = 100


def written_as(script: Script, version: str) -> str:
    """The text."""
    frameworks = list(dict.fromkeys(name for name, _ in script.functions.values()))
    alone, wide = len(script.functions) == 1, script.way not in ("dtype", "others", "reference")
    sources = {
        name: source_of(function, framework, "function" if alone else f"function_{as_name(name)}", wide)
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
        shown(script),
    ]
    return "\n\n\n".join(block for block in blocks if block) + "\n"


def _needs(frameworks: list[str], imports: list[str]) -> str:
    """What a script needs besides NumPy, in words."""
    built = [title for package, title in BUILT.items() if any(re.search(rf"\b{package}\b", line) for line in imports)]
    return ", ".join([*(TITLES[name] for name in frameworks if name != "numpy"), *built])


def _headline(script: Script, version: str, needs: str, pasted: bool) -> str:
    finding = script.finding
    said = {
        "derivative": "The gradient that automatic differentiation returns is not the derivative of what the function returns. "
        f"Central differences of its values in {script.exact} say so: they know no rule, only values.",
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
    if framework == "torch" and script.given.own and script.way not in ("dtype", "others", "reference"):
        as_wide = ".double()"  # a backward may find them where the module has them
    call = script.given.call(f"{function}{as_wide}", CONVERT[framework])
    keys = re.findall(r"\[([^\]]*)\]", script.output[name])
    picked = "".join(f"[{key}]" if key.isdigit() else f"[{key!r}]" for key in keys)
    return f"def forward_{as_name(name)}({', '.join(names)}):\n    return {call}{picked}"
