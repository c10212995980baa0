"""The context in which functions are watched: what they draw is drawn again, and every kernel has a float64 form."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch


@contextmanager
def undisturbed() -> Iterator[None]:
    """PyTorch's generators are put back. oneDNN and cuDNN are off: their kernels have no float64 form, or hide a whole LSTM."""
    with ExitStack() as stack:
        devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
        stack.enter_context(torch.random.fork_rng(devices))
        stack.callback(torch._C._set_mkldnn_enabled, torch._C._get_mkldnn_enabled())  # mkldnn.flags would warn of other things
        torch._C._set_mkldnn_enabled(False)
        if devices:
            stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        if "torch._dynamo" in sys.modules:  # a compiled function runs as its source says: its kernels cannot be watched
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield
