"""PyTorch: autograd, and inductor through torch.compile."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

from gradwitness.frameworks import Array, process_is_owned, require_device, require_dtype, require_mode

COMPILER = {
    # Compiled functions are kept by code object, and one function of an adapter serves many cases.
    "recompile_limit": 1_000,
    "accumulated_recompile_limit": 10_000,
    "allow_rnn": True,  # off by default: a module with nn.LSTM or nn.GRU would not compile as a whole
}
"""Settings of torch._dynamo while a function is compiled."""
WARN, ERROR = 1, 2
"""The deterministic debug modes in which an algorithm that is not deterministic is a warning, and an error."""


@contextmanager
def reproducible() -> Iterator[None]:
    """Deterministic algorithms, no TF32, and a compiler that serves many functions. On leaving it everything is as before."""
    with ExitStack() as stack:
        stack.callback(deterministic, torch.get_deterministic_debug_mode())
        for place, name in (
            (torch.backends.cuda.matmul, "allow_tf32"),
            (torch.backends.cudnn, "allow_tf32"),
            (torch.backends.cudnn, "benchmark"),
        ):
            stack.callback(setattr, place, name, getattr(place, name))
            setattr(place, name, False)
        stack.enter_context(_environment("CUBLAS_WORKSPACE_CONFIG", ":4096:8"))  # deterministic cuBLAS reads it when CUDA starts
        deterministic(ERROR)
        yield


def deterministic(mode: int) -> None:
    """Set a deterministic debug mode. The compiler, which takes two seconds to import, is told of it where it is there; `compile`
    tells it where it comes later.
    """
    if "torch._inductor.config" in sys.modules:
        torch.use_deterministic_algorithms(mode > 0, warn_only=mode < ERROR)
    torch.set_deterministic_debug_mode(mode)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """The variable has the value where nobody has set it; on leaving it is gone again."""
    if name in os.environ:
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)  # whoever removed it meanwhile had a reason


def from_numpy(array: Array, device: str = "cpu") -> torch.Tensor:
    """A tensor on device with a copy of the array's values."""
    require_device("torch", device, devices())
    return torch.tensor(array, device=device)


def to_numpy(tensor: torch.Tensor) -> Array:
    """A copy of the tensor's values."""
    return np.array(tensor.detach().cpu().numpy())


def compile(fn: Callable[..., Any], mode: str = "eager") -> Callable[..., Any]:
    """torch.compile for inductor; the whole function must compile, so that nothing silently runs eagerly."""
    require_mode("torch", mode)
    if mode == "eager":
        return fn
    import torch._dynamo  # two seconds, and only whoever compiles needs it
    import torch._inductor.config

    options = {"fallback_random": True}  # the random numbers that eager PyTorch draws
    if hasattr(torch._inductor.config, "deterministic"):  # older ones lack it
        options["deterministic"] = True
    compiled: Callable[..., Any] = torch.compile(fn, fullgraph=True, dynamic=False, backend="inductor", options=options)
    settings = torch._dynamo.config
    if process_is_owned():
        for name, value in COMPILER.items():
            setattr(settings, name, value)
    else:
        compiled = settings.patch(COMPILER)(compiled)
    return compiled


def vjp(fn: Callable[..., Any], mode: str = "eager") -> Callable[[Any, Any], tuple[Any, Any]]:
    """(args, dout) -> (out, grads) by reverse-mode autograd. An argument that out does not depend on gets zeros; so does every
    argument from a member of out that is cut off from all of them, which autograd refuses to be asked about.
    """
    compiled = compile(fn, mode)

    def run(args: Any, dout: Any) -> tuple[Any, Any]:
        inputs = [a.detach().requires_grad_() for a in args]
        out = compiled(*inputs)
        require_dtype("torch", out, dout)
        outs, douts = (tuple(t) if isinstance(t, (tuple, list)) else (t,) for t in (out, dout))
        attached = [(o, d) for o, d in zip(outs, douts, strict=True) if o.requires_grad]
        if not attached:
            return out, tuple(torch.zeros_like(a) for a in inputs)
        return out, torch.autograd.grad([o for o, _ in attached], inputs, [d for _, d in attached], materialize_grads=True)

    return run


def devices() -> list[str]:
    """The CPU, and CUDA where PyTorch was built for it and sees a GPU."""
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def wait(tree: Any) -> None:
    """CUDA kernels run asynchronously; the CPU does not."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def version() -> str:
    """Name and version."""
    return f"torch {torch.__version__}"
