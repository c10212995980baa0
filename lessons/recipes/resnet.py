"""The residual network on the digits, five epochs of gradient descent.

A relu has a kink. Where rounding carries a value across 0 its gradient jumps, and if the value is the background's many pixels
jump at once: from there on two runs in float32 are two different runs. One in JAX parted from the truth at step 45, where four
perturbed runs of the reference had stayed together until step 79 (other four until step 31). That a kink did it is inferred, from
all runs agreeing in float64, where rounding is 2^29 times smaller; which value crossed was not traced. So it is there that they
are compared. The seed is the best of three, as far as float32 stays with float64.
"""

import numpy as np

from lessons.recipes.classification import accuracy, image_batches, unseen_images
from lessons.recipes.recipe import Params, Recipe
from reference.models import resnet


def _start() -> tuple[Params, Params]:
    params = resnet.init(np.random.default_rng(2), inputs=1, channels=(4, 8, 16, 16), classes=10)
    return params, resnet.init_state(params)


RECIPE = Recipe(
    model="resnet",
    start=_start,
    data=image_batches,
    optimizer="sgd",
    hyper={"lr": 0.125},
    steps=220,
    judged=100,
    dtypes=("float64",),
    test=unseen_images,
    evaluate=resnet.predict,
    score=accuracy,
    metric="test accuracy",
    at_least=0.95,
)
