"""The reference's models as a Keras user writes them."""

from __future__ import annotations

from adapters.tensorflow.models import lenet, mlp, resnet, two_layer

MODELS = {
    "two_layer": two_layer.SPELLING,
    "mlp": mlp.SPELLING,
    "lenet": lenet.SPELLING,
    "resnet": resnet.SPELLING,
}
