"""PyTorch: autograd."""

from __future__ import annotations

from gradwitness.subjects.tensors.torch.differentiation import Differentiation
from gradwitness.subjects.tensors.torch.functions import Functions
from gradwitness.subjects.tensors.torch.process import Process


class Torch(Functions, Differentiation, Process):
    """See `Backend`."""

    name, title = "torch", "PyTorch"
    cure = "Convert: torch.from_numpy(x)"


BACKEND = Torch()
