"""The residual network on the digits, five epochs of gradient descent."""

import numpy as np

from lessons.recipes.classification import accuracy, image_batches, unseen_images
from lessons.recipes.recipe import Params, Recipe
from reference.models import resnet


def _start() -> tuple[Params, Params]:
    params = resnet.init(np.random.default_rng(0), inputs=1, channels=(4, 8, 16, 16), classes=10)
    return params, resnet.init_state(params)


RECIPE = Recipe(
    model="resnet",
    start=_start,
    data=image_batches,
    optimizer="sgd",
    hyper={"lr": 0.125},
    steps=220,
    test=unseen_images,
    evaluate=resnet.predict,
    score=accuracy,
    metric="test accuracy",
    at_least=0.95,
)
