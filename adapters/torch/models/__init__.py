"""The reference's models as a PyTorch user writes them: one torch.nn.Module each."""

from __future__ import annotations

from adapters.torch.models import lenet, mlp, resnet, two_layer

MODELS = {
    "two_layer": two_layer.SPELLING,
    "mlp": mlp.SPELLING,
    "lenet": lenet.SPELLING,
    "resnet": resnet.SPELLING,
}
