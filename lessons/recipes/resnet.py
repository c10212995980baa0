"""The residual network on the digits, five epochs of gradient descent.

A relu has a kink. Where rounding carries a value across 0 its gradient jumps, and if the value is the background's many pixels
jump at once: from there on two runs in float32 are two different runs. With 24,600 relus a step it happens about once in a run,
and not where perturbed runs of the reference say: JAX was seen to part at step 45, they at step 31 and 79. So it is in float64
that runs are compared, where rounding is 2^29 times smaller.
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
