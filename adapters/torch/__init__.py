"""The PyTorch adapter: torch.nn.functional, torch.nn.Module, torch.optim."""

from __future__ import annotations

from adapters import functions
from adapters.torch import models as _models
from adapters.torch import optimizers as _optimizers
from adapters.torch.ops import activations, layers, losses
from adapters.torch.training import gradients, loss, named, optimize, predict, trainer
from gradwitness import frameworks

__all__ = ["gradients", "loss", "named", "optimize", "predict", "trainer"]

NAME = "torch"
framework = frameworks.load(NAME)
ops = functions(activations, losses, layers)
missing: dict[str, str] = {}
models = _models.MODELS
optimizers = functions(_optimizers)
