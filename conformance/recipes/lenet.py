"""LeNet on the digits, in ten epochs of gradient descent."""

import numpy as np

from conformance.recipes.classification import accuracy, image_batches, unseen_images
from conformance.recipes.recipe import Params, Recipe
from reference.models import lenet


def _start() -> tuple[Params, Params]:
    return lenet.init(np.random.default_rng(0), channels=(1, 8, 16), size=8, classes=10), {}


RECIPE = Recipe(
    model="lenet",
    start=_start,
    data=image_batches,
    optimizer="sgd",
    hyper={"lr": 1.0},
    steps=440,
    judged={"float64": 100, "float32": 100},
    test=unseen_images,
    evaluate=lenet.predict,
    score=accuracy,
    metric="test accuracy",
    at_least=0.95,
)
