"""How PyTorch runs a model: backward() on the loss, and the loop's body around an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from adapters.torch.optimizers import Factory
from gradwitness import frameworks

_framework = frameworks.load("torch")


def predict(model: nn.Module, mode: str = "eager") -> Callable[[Tensor], Tensor]:
    """x -> the model's output."""
    return torch.no_grad()(_framework.compile(model, mode))


def loss(model: Any, mode: str = "eager") -> Callable[[Tensor, Tensor], Tensor]:
    """(x, labels) -> the model's loss."""
    return torch.no_grad()(_framework.compile(model.loss, mode))


def gradients(model: Any, mode: str = "eager") -> Callable[[Tensor, Tensor, Tensor], tuple[Tensor, tuple[Any, Tensor]]]:
    """(x, labels, dout) -> (loss, (dparams, dx)); dparams are the tensors that backward() left in .grad, by name."""
    compiled = _framework.compile(model.loss, mode)

    def run(x: Tensor, labels: Tensor, dout: Tensor) -> tuple[Tensor, tuple[Any, Tensor]]:
        model.zero_grad()
        x = x.detach().requires_grad_()
        value = compiled(x, labels)
        value.backward(dout)
        return value, ({name: p.grad for name, p in model.named_parameters()}, x.grad)

    return run


def named(dparams: dict[str, Tensor], model: Any) -> dict[str, Any]:
    """Gradients under the reference's names and in its layouts."""
    return model.spelling.rename(dparams)


class Trainer:
    """zero_grad, forward, backward, step."""

    def __init__(self, model: Any, optimizer: Factory, mode: str = "eager") -> None:
        self.model = model
        self._loss = _framework.compile(model.loss, mode)
        self._optimizer = optimizer(model.parameters())

    def step(self, x: Tensor, labels: Tensor) -> Tensor:
        """One update on a batch; returns the loss before it."""
        self._optimizer.zero_grad()
        value = self._loss(x, labels)
        value.backward()
        self._optimizer.step()
        return value.detach()


trainer = Trainer


def optimize(optimizer: Factory, param: Tensor, grads: Sequence[Tensor]) -> list[Tensor]:
    """The parameter after each step, given the gradient of each."""
    parameter = nn.Parameter(param.clone())
    stepper = optimizer([parameter])
    history = []
    for grad in grads:
        parameter.grad = grad.clone()
        stepper.step()
        history.append(parameter.detach().clone())
    return history
