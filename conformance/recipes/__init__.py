"""Training runs: the same model, start, batches and optimizer for the reference and for every framework.

Three things read `RECIPES`: training cells (losses at every step), `python -m lessons.train`, and the cases on real data, which
take the first batch. Nothing here imports a framework.
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
