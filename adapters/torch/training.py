"""How PyTorch runs a model: backward() on the loss, and the loop's body around an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradwitness import frameworks

from .optimizers import Factory

_framework = frameworks.load("torch")

Batch = Mapping[str, Any]


def predict(model: nn.Module, mode: str = "eager") -> Callable[[Tensor], Tensor]:
    """x -> the model's output, in evaluation."""
    call = _framework.compile(model, mode)

    @torch.no_grad()
    def run(x: Tensor) -> Tensor:
        training = model.training
        model.eval()
        try:
            return call(x)
        finally:
            model.train(training)

    return run


def loss(model: Any, mode: str = "eager") -> Callable[[Batch], Tensor]:
    """batch -> the model's loss, as in training."""
    call = _framework.compile(model.loss, mode)
    return torch.no_grad()(lambda batch: call(**batch))


def gradients(model: Any, mode: str = "eager") -> Callable[[Batch, Tensor], tuple[Tensor, Any, Tensor | None, Any]]:
    """(batch, dout) -> (loss, dparams, dx, state); dparams are the tensors that backward() left in .grad, by name."""
    compiled = _framework.compile(model.loss, mode)

    def run(batch: Batch, dout: Tensor) -> tuple[Tensor, Any, Tensor | None, Any]:
        model.zero_grad()
        x = batch["x"].detach().requires_grad_() if "x" in batch else None
        value = compiled(**(batch if x is None else {**batch, "x": x}))
        value.backward(dout)
        # What is held has no gradient.
        dparams = {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in model.named_parameters()}
        return value, dparams, x if x is None else x.grad, dict(model.named_buffers())

    return run


def named(dparams: dict[str, Tensor], model: Any) -> dict[str, Any]:
    """Gradients under the reference's names and in its layouts."""
    return model.native.rename(dparams, model)


def named_state(state: dict[str, Tensor], model: Any) -> dict[str, Any]:
    """Running statistics, which the module keeps itself, likewise."""
    return model.native.rename(state, model)


class Trainer:
    """zero_grad, forward, backward, step."""

    def __init__(self, model: Any, optimizer: Factory, mode: str = "eager") -> None:
        self.model = model
        self._loss = _framework.compile(model.loss, mode)
        self._optimizer = optimizer(p for p in model.parameters() if p.requires_grad)

    def step(self, batch: Batch) -> Tensor:
        """One update on a batch; returns the loss before it."""
        self._optimizer.zero_grad()
        value = self._loss(**batch)
        value.backward()
        self._optimizer.step()
        return value.detach()


trainer = Trainer


def optimize(optimizer: Factory, mode: str = "eager") -> Callable[[Tensor, Sequence[Tensor]], list[Tensor]]:
    """(param, grads) -> the parameter after each step, given the gradient of each."""

    def run(param: Tensor, grads: Sequence[Tensor]) -> list[Tensor]:
        parameter = nn.Parameter(param.clone())
        stepper = optimizer([parameter])
        step = _framework.compile(stepper.step, mode)
        history = []
        for grad in grads:
            parameter.grad = grad.clone()
            step()
            history.append(parameter.detach().clone())
        return history

    return run
