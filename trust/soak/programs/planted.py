"""The identity, with a wrong gradient: what is planted behind a step, in each framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MISTAKES: dict[str, Callable[[Any], Any]] = {
    "twice": lambda dout: 2 * dout,
    "sign": lambda dout: -dout,
    "one percent": lambda dout: 1.01 * dout,
    "lost": lambda dout: 0 * dout,
    "squared": lambda dout: dout * abs(dout),
    "shifted": lambda dout: dout + 0.1,
}


def identity(dialect: str, mistake: str) -> Callable[[Any], Any]:
    """x -> x, whose gradient has a mistake."""
    return {"torch": _torch, "jax": _jax, "tensorflow": _tensorflow, "numpy": _numpy}[dialect](MISTAKES[mistake])


def _torch(wrong: Callable[[Any], Any]) -> Callable[[Any], Any]:
    import torch

    class Planted(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
        @staticmethod
        def forward(_: Any, x: Any) -> Any:
            return x.clone()

        @staticmethod
        def backward(_: Any, dout: Any) -> Any:
            return wrong(dout)

    return lambda x: Planted.apply(x)


def _jax(wrong: Callable[[Any], Any]) -> Callable[[Any], Any]:
    import jax

    @jax.custom_vjp  # type: ignore[untyped-decorator]  # jax's types are not looked at
    def planted(x: Any) -> Any:
        return x

    planted.defvjp(lambda x: (x, None), lambda _, dout: (wrong(dout),))
    return lambda x: planted(x)


def _tensorflow(wrong: Callable[[Any], Any]) -> Callable[[Any], Any]:
    import tensorflow as tf

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # nor TensorFlow's
    def planted(x: Any) -> Any:
        return tf.identity(x), lambda dout: wrong(tf.convert_to_tensor(dout))  # it may be slices

    return lambda x: planted(x)


def _numpy(wrong: Callable[[Any], Any]) -> Callable[[Any], Any]:
    from autograd.extend import defvjp, primitive

    @primitive  # type: ignore[untyped-decorator]  # autograd has none
    def planted(x: Any) -> Any:
        return 1 * x

    defvjp(planted, lambda _, __: wrong)
    return lambda x: planted(x)
