"""The residual network on the digits, in five epochs of gradient descent.

Runs are compared step by step in float64 alone, because relu has a kink. Where rounding carries a value across 0, the gradient
jumps, and from there on two runs in float32 are two different runs. `python -m lessons.parting resnet --adapter jax` shows it: at
step 30 one input of 4,096 is 5e-7 with the reference's parameters and -2e-7 with JAX's. Before that step parameters are 4e-7
apart, after it 2e-4. In PyTorch no input crosses 0 in 100 steps. The step at which it happens depends on the last bit of
everything before. In float64 rounding is 2^29 times smaller. The seed is the one of three with which float32 stays near float64
for longest.
"""

import numpy as np

from conformance.recipes.classification import accuracy, image_batches, unseen_images
from conformance.recipes.recipe import Params, Recipe
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
    judged={"float64": 100},
    test=unseen_images,
    evaluate=resnet.predict,
    score=accuracy,
    metric="test accuracy",
    at_least=0.95,
)
