"""A model of the reference as a torch.nn.Module: its state_dict under the reference's names, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from gradwitness import frameworks

from ..parameters import Layers, parted, restored, stored
from .layout import COUNTER, counted


@dataclass(frozen=True)
class NativeModel:
    """One model.

    build         (params, **config) -> the module; its sizes are those of the reference's parameters
    layers        (names of params, **config) -> the `Layer` of each layer of the reference
    conventions   see `adapters.Model`
    """

    build: Callable[..., nn.Module]
    layers: Callable[..., Layers]
    conventions: Mapping[str, Any] = field(default_factory=dict)

    def from_reference(
        self,
        params: Mapping[str, Any],
        state: Mapping[str, Any] | None = None,
        *,
        device: str = "cpu",
        **config: Any,
    ) -> nn.Module:
        """The module with the reference's parameters, in their dtype."""
        dtype = frameworks.load("torch").from_numpy(next(iter(params.values())), device).dtype
        model = self.build(params, **config).to(device=device, dtype=dtype)
        model.native, model.layers_of_reference = self, self.layers(params, **config)
        return self.load(model, params, state, device=device)

    def load(
        self, model: nn.Module, params: Mapping[str, Any], state: Mapping[str, Any] | None = None, *, device: str = "cpu"
    ) -> nn.Module:
        """The same module with other parameters of the same shapes."""
        put = frameworks.load("torch").from_numpy
        tensors = {name: put(value, device) for name, value in {**params, **(state or {})}.items()}
        model.load_state_dict(counted(model) | _flat(stored(tensors, model.layers_of_reference)))
        return model

    def to_reference(self, model: nn.Module) -> dict[str, Any]:
        """The module's parameters under the reference's names and in its layouts."""
        return self._taken(model)[0]

    def state_of(self, model: nn.Module) -> dict[str, Any]:
        """The module's running statistics under the reference's names."""
        return self._taken(model)[1]

    def rename(self, tensors: Mapping[str, Tensor], model: Any) -> dict[str, Any]:
        """Tensors under the module's names (parameters or their gradients) -> arrays under the reference's names."""
        take = frameworks.load("torch").to_numpy
        layers = model.layers_of_reference
        grouped: dict[str, dict[str, Tensor]] = {layer.own or name: {} for name, layer in layers.items()}
        for own, kept in grouped.items():
            kept |= {key.removeprefix(f"{own}."): value for key, value in tensors.items() if key.startswith(f"{own}.")}
            kept.pop(COUNTER, None)
        return {name: take(tensor) for name, tensor in restored(grouped, layers).items()}

    def _taken(self, model: nn.Module) -> tuple[dict[str, Any], dict[str, Any]]:
        return parted(self.rename(model.state_dict(), model))


def _flat(kept: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {f"{layer}.{name}": tensor for layer, tensors in kept.items() for name, tensor in tensors.items()}
