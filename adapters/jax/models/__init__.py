"""The reference's models as flax modules."""

from __future__ import annotations

from . import gpt, gru_classifier, lenet, lstm_classifier, mlp, resnet, siamese, two_layer, vae

MODELS = {
    "two_layer": two_layer.SPELLING,
    "mlp": mlp.SPELLING,
    "lenet": lenet.SPELLING,
    "resnet": resnet.SPELLING,
    "lstm_classifier": lstm_classifier.SPELLING,
    "gru_classifier": gru_classifier.SPELLING,
    "gpt": gpt.SPELLING,
    "vae": vae.SPELLING,
    "siamese": siamese.SPELLING,
}
