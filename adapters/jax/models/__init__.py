"""The reference's models as flax modules."""

from __future__ import annotations

from adapters.jax.models import lenet, mlp, resnet, two_layer

MODELS = {
    "two_layer": two_layer.SPELLING,
    "mlp": mlp.SPELLING,
    "lenet": lenet.SPELLING,
    "resnet": resnet.SPELLING,
}
