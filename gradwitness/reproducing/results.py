"""The last part of a script: the results, what tells the truth, and how far they are apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradwitness.reproducing import faults, laws, multiprecision
from gradwitness.reproducing.faults import SAID
from gradwitness.reproducing.helpers import CONVERT, DIFFERENCES
from gradwitness.reproducing.script import Script, as_name, name_at

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


STEPS = {"float64": "1e-3", "float32": "2e-2"}
"""Of differences, as a share of the size of an element."""


def shown(script: Script) -> str:
    """The results, and what tells the truth."""
    first, (framework, function) = next(iter(script.functions.items()))
    about = script.about
    shape = f"with_{framework}(forward_{as_name(first)}, values, {script.dtype!r}, {script.dtype!r}, None)['out'].shape"
    exact = repr(script.exact)
    dout = "np.ones" if script.cotangent.__name__ == "ones" else "tenths"
    lines = ["" if dout == "np.ones" else TENTHS, f"dout = {dout}({shape})  # the cotangent of out"]
    if script.way in SAID:
        lines = [*lines[:1], lines[1].replace(repr(script.dtype), "'float64'")]
        return "\n".join([*filter(None, lines), faults.lines(script.way, script.finding, f"forward_{as_name(first)}")])
    if script.way in laws.SAID:
        lines = [*lines[:1], lines[1].replace(repr(script.dtype), repr(script.exact))]
    if script.way in laws.SAID and script.way != laws.ORDER:
        return "\n".join([*filter(None, lines), _law(script, framework, f"forward_{as_name(first)}")])
    if script.way == laws.ORDER:
        call = f"with_{framework}(first_gradient, values, {exact}, {exact}, "
        lines = [
            *lines,
            "\n\n" + laws.first_gradient(framework, f"forward_{as_name(first)}") + "\n\n",
            "values = {**values, 'dout': dout}",
            f"dout = {dout}({call}None)['out'].shape)  # the cotangent of the gradient",
            f"got = {call}dout)[{about!r}]",
            "\n\n" + _differences(script, framework, "first_gradient") + "\n\n",
            f"truth = differences({about[1:]!r})",
            f"results = {{{'the derivative of the gradient'!r}: got}}",
        ]
    elif script.way == "derivative":
        lines += [
            f"got = with_{framework}(forward_{as_name(first)}, values, {exact}, {exact}, dout)[{about!r}]",
            "\n\n" + _differences(script, framework, f"forward_{as_name(first)}") + "\n\n",
            f"truth = differences({about[1:]!r})",
            f"results = {{{'automatic differentiation'!r}: got}}",
        ]
    elif script.way in ("dtype", "reference"):
        whose, (other, _) = list(script.functions.items())[-1]
        compiled = "" if script.mode == "eager" else "compiled"
        if compiled:
            lines.append(f"compiled = {COMPILED[script.mode].format(f'forward_{as_name(first)}')}")
        given = f"values, {script.dtype!r}, "
        lines += [
            f"got = with_{framework}({compiled or f'forward_{as_name(first)}'}, {given}{script.dtype!r}, dout)[{about!r}]",
            f"truth = with_{other}(forward_{as_name(whose)}, {given}'float64', dout)[{about!r}]",
            f"results = {{{' '.join(filter(None, [script.dtype, compiled]))!r}: got}}",
        ]
    else:
        given = "None" if about == "out" else "dout"
        lines.append("results = {")
        for name, (whose, _) in script.functions.items():
            call = f"with_{whose}(forward_{as_name(name)}, values, {script.dtype!r}"
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


def _differences(script: Script, framework: str, forward: str) -> str:
    """The function that takes differences. In float32 its steps are longer, for its values have fewer digits."""
    step = STEPS.get(script.exact, STEPS["float32"])
    return DIFFERENCES.strip().format(helper=f"with_{framework}", forward=forward, dtype=script.exact, step=step)


def _law(script: Script, framework: str, forward: str) -> str:
    """The lines about a law. About the first input where all inputs break it."""
    about = script.about.partition(",")[0].removesuffix(" alone")
    known = [script.given.names[path] for path in script.given.floats()] + [*script.given.own_names.values()]
    written = {f"d{name_at(path)}": f"d{script.given.names[path]}" for path in script.given.floats()}
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
    whose = script.about == "out" or script.about == f"d{script.given.names[floats[0]]}"
    if not whose or len(index) != array.ndim or any(i >= length for i, length in zip(index, array.shape, strict=True)):
        return []
    order = 0 if script.about == "out" else 1
    found = multiprecision.exact(function, float(array[index]), order)
    what = "the derivative of the function" if order else "the function"
    return [f"print('mpmath, 50 digits: {what} at {float(array[index])!r} is {found}')"] if found else []
