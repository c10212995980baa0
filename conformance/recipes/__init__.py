"""Training runs: the same model, start, batches and rule for the reference and for every framework.

`RECIPES` is one table for the tests (losses at every step), for `python -m lessons.train`, and for the first batch of real data.
Nothing here imports a framework.
"""

from conformance.recipes import gpt, gru_classifier, lenet, lstm_classifier, mlp, resnet, siamese, vae, xor
from conformance.recipes.recipe import Recipe

__all__ = ["RECIPES", "Recipe"]

RECIPES = {
    "xor": xor.RECIPE,
    "mlp": mlp.RECIPE,
    "lenet": lenet.RECIPE,
    "resnet": resnet.RECIPE,
    "lstm_classifier": lstm_classifier.RECIPE,
    "gru_classifier": gru_classifier.RECIPE,
    "gpt": gpt.RECIPE,
    "vae": vae.RECIPE,
    "siamese": siamese.RECIPE,
}
