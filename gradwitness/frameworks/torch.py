"""PyTorch: autograd, and inductor through torch.compile."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # deterministic cuBLAS asks for it before CUDA starts

import numpy as np
import torch
import torch._dynamo

from gradwitness.frameworks import Array, require_device, require_dtype, require_mode

torch.use_deterministic_algorithms(True)
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = False
# The cache of compiled functions is keyed by code object, and one adapter function serves many cases.
torch._dynamo.config.recompile_limit = 1_000
torch._dynamo.config.accumulated_recompile_limit = 10_000
torch._dynamo.config.allow_rnn = True  # off by default: a module with nn.LSTM or nn.GRU would not compile as a whole


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
    return fn if mode == "eager" else torch.compile(fn, fullgraph=True, dynamic=False, backend="inductor")


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
