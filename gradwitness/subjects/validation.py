"""Inputs that cannot be used, refused before anything runs. Each message has the cure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.subjects.arguments import Leaf, branches, kind
from gradwitness.subjects.errors import BadCall

FRAMEWORKS = ("torch", "tensorflow", "jax", "jaxlib", "keras", "cupy", "mxnet")


ORDER = {
    "forward": "The order is check(forward, backward, inputs)",
    "backward": "The order is check(forward, backward, inputs)",
    "function": "The order is check_loss(function, params, *data)",
}
"""What helps where something else stands in the place of a function."""


def framework_of(value: Any) -> str:
    """The framework that an object is of, a module of the user's own included; empty if it is of none."""
    origins = (base.__module__.partition(".")[0] for base in type(value).__mro__)
    return next((origin for origin in origins if origin in FRAMEWORKS), "")


def callable_given(argument: str, value: Any) -> None:
    """Raises BadCall for anything but a function."""
    if isinstance(value, type):
        raise BadCall(
            argument,
            f"the class {value.__name__}",
            "a function",
            f"Make an object, and give its method: {value.__name__}().{argument}",
        )
    if not callable(value):
        result = isinstance(value, (np.ndarray, np.generic, float, int))  # of a call, perhaps
        cure = f"Give the function itself: {argument}, not {argument}(...)" if result else ORDER[argument]
        if isinstance(value, (tuple, list)):  # the inputs, or the result of a call
            cure += f", with the functions themselves: {argument}, not {argument}(...)"
        raise BadCall(argument, kind(value), "a function", cure)
    if (origin := framework_of(value)) and argument != "backward":
        came = f"a {type(value).__name__} of {origin}"
        raise BadCall(argument, came, "a function of NumPy arrays", "See check_function for what a framework runs")
    if inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value):
        raise BadCall(argument, "a coroutine function", "a plain function", "Take the async away")


def options(static: Any, wrt: Any, cached: Any = None) -> None:
    """Raises BadCall for options of a wrong type."""
    if static is not None and (not isinstance(static, Mapping) or not all(isinstance(name, str) for name in static)):
        cure = 'For instance static={"eps": 1e-5}'
        if not isinstance(static, Mapping):
            cure += ". Several inputs stand in one tuple: (x, weight)"
        raise BadCall("static", kind(static), "a dict of keyword arguments by their names", cure)
    if cached not in (None, True, False) or (cached is not None and not isinstance(cached, bool)):
        raise BadCall("cached", repr(cached), "True, False or None", "True says that forward returns (out, cache)")
    if wrt is None:
        return
    if isinstance(wrt, bool) or not isinstance(wrt, (str, int, Collection)) or isinstance(wrt, (np.ndarray, Mapping)):
        raise BadCall("wrt", kind(wrt), "names or positions of inputs", 'For instance wrt=("x", "weight")')
    if not isinstance(wrt, (str, int)):
        if not wrt:
            raise BadCall("wrt", "empty", "at least one input", "Leave it out to differentiate every float")
        for each in wrt:
            if isinstance(each, bool) or not isinstance(each, (str, int)):
                raise BadCall(
                    "wrt", f"a collection with {kind(each)}", "names or positions of inputs", 'For instance wrt=("x", 1)'
                )


def seed_given(seed: Any) -> None:
    """Raises BadCall for a seed that no generator takes."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise BadCall("seed", repr(seed), "a whole number that is not negative", "Leave it out for 0")


def value_given(name: str, value: Any, *, is_data: bool = False) -> None:
    """Raises BadCall for a value, in nested tuples, lists and dicts, that would not be understood.

    is_data   whether nothing in it is differentiated: complex numbers will do then
    """
    origin = type(value).__module__.partition(".")[0]
    if origin in FRAMEWORKS and hasattr(value, "shape") and hasattr(value, "dtype"):
        cure = "Convert it: x.detach().numpy()" if origin == "torch" else "Convert it: np.asarray(x)"
        raise BadCall(name, f"a {type(value).__name__} of {origin}", "NumPy arrays", cure)
    if isinstance(value, np.ma.MaskedArray):
        raise BadCall(name, "a masked array", "a plain array", "Fill it: x.filled(0), and give the mask as an input of its own")
    if isinstance(value, np.matrix):
        raise BadCall(name, "a np.matrix", "an array", "Convert it: np.asarray(x), and write @ for the products")
    if not is_data and isinstance(value, (np.ndarray, np.generic, complex)) and np.asarray(value).dtype.kind == "c":
        cure = "Give the real and the imaginary part as two inputs. If it is data, name the others: wrt=..."
        raise BadCall(name, kind(value), "real floats", cure)
    if isinstance(value, np.ndarray) and value.dtype == object and value.size and all(map(is_real, value.flat)):
        raise BadCall(name, kind(value), "an array of floats", "Convert it: x.astype(float)")
    if hasattr(value, "__next__"):
        raise BadCall(
            name,
            f"a {type(value).__name__}, which can be read once",
            "values that can be read again",
            "Make a list of it: list(x)",
        )
    for key, branch in branches(value):
        value_given(f"{name}[{key}]", branch, is_data=is_data)


def is_real(value: Any) -> bool:
    """Whether something in an array of objects is a real number of Python's or NumPy's."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def leaves_given(leaves: Sequence[Leaf]) -> None:
    """Raises BadCall for a differentiated array without elements, or with nan or inf."""
    sizes = [np.size(leaf.value) for leaf in leaves]
    if not any(sizes):
        raise BadCall("inputs", f"without any element ({leaves[0].name}: {kind(leaves[0].value)})", "arrays with elements")
    for leaf in leaves:
        values = np.asarray(leaf.value)
        odd = np.argwhere(~np.isfinite(values.astype(np.longdouble)))
        if len(odd):
            at = f"[{', '.join(map(str, odd[0]))}]" if values.ndim else ""
            more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
            came = f"{values[tuple(odd[0])]} at {leaf.name}{at}{more}"
            raise BadCall(leaf.name, came, "finite numbers", "If it is data and no gradient is wanted, name the others: wrt=...")


CALLS = {
    "inputs": "Give one value for each parameter, in a tuple",
    "params and data": "Data follows params, one by one: check_loss(function, params, x, y)",
    "data": "With in_place data follows params, one by one, and the function takes data alone",
}
"""What helps where a function does not take what came."""


def fits(function: Callable[..., Any], argument: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> None:
    """Raises BadCall where a function does not take these arguments."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*args, **keywords)
    except TypeError as error:
        named = f" and static {', '.join(keywords)}" if keywords else ""
        owner, _, method = getattr(function, "__qualname__", "").rpartition(".")
        if next(iter(signature.parameters), "") == "self" and owner and not owner.endswith(">"):
            cure = f"Make an object, and give its method: {owner.rpartition('.')[2]}().{method}"
            came = f"for {method}{signature}, a method without its object"
            raise BadCall(argument, came, "a method of an object", cure) from None
        kinds = ", ".join(kind(value) for value in args) or "none"
        name = getattr(function, "__name__", type(function).__name__)
        raise BadCall(
            argument,
            f"{len(args)} {'value' if len(args) == 1 else 'values'} ({kinds}){named}",
            f"what {name}{signature} takes",
            f"Python says: {error}. {CALLS[argument]}",
        ) from None


def accepts(function: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
    """Whether a function takes these arguments."""
    try:
        inspect.signature(function).bind(*args, **keywords)
    except TypeError:
        return False
    except ValueError:
        pass
    return True
