"""The reference's models as a Keras user writes them."""

from __future__ import annotations

from . import gpt, gru_classifier, lenet, lstm_classifier, mlp, resnet, siamese, two_layer, vae

MODELS = {
    "two_layer": two_layer.MODEL,
    "mlp": mlp.MODEL,
    "lenet": lenet.MODEL,
    "resnet": resnet.MODEL,
    "lstm_classifier": lstm_classifier.MODEL,
    "gru_classifier": gru_classifier.MODEL,
    "gpt": gpt.MODEL,
    "vae": vae.MODEL,
    "siamese": siamese.MODEL,
}
