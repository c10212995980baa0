"""The layouts of torch.nn's layers: a layer's state_dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from .. import layout

COUNTER = "num_batches_tracked"
"""nn.BatchNorm counts its batches. It needs the count only with momentum=None, which the reference does not have."""


class Layout(layout.Layout):
    """A `Layout` whose layer is an nn.Module and whose names are those of its state_dict."""

    def run(self, layer: nn.Module, stored: Mapping[str, Tensor], data: tuple[Any, ...], static: Mapping[str, Any]) -> Any:
        """Load the module by load_state_dict, strictly, and call it."""
        counters = counted(layer)
        wanted = {name: tensor.shape for name, tensor in layer.state_dict().items() if name not in counters}
        layout.compare_names_and_shapes(type(layer).__name__, wanted, {name: tensor.shape for name, tensor in stored.items()})
        layer.to(next(iter(stored.values()))).load_state_dict({**counters, **stored}, strict=True)
        with torch.no_grad():
            return self.call(layer, *data, **static)


def counted(module: nn.Module) -> dict[str, Tensor]:
    """The counters in a module's state_dict, which nobody converts."""
    return {name: tensor for name, tensor in module.state_dict().items() if name.endswith(COUNTER)}
