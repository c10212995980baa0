"""The run of the XOR lesson. With three hidden units and seed 42 the network does not learn XOR."""

from itertools import repeat

from conformance.recipes.recipe import Recipe
from reference.models import two_layer

RECIPE = Recipe(
    model="two_layer",
    start=lambda: (two_layer.xor_params(), {}),
    data=lambda: repeat({"x": two_layer.XOR_X, "labels": two_layer.XOR_Y}),
    optimizer="sgd",
    hyper={"lr": 0.5},
    steps=1000,
    test=lambda: (two_layer.XOR_X, two_layer.XOR_Y),
    evaluate=two_layer.predict,
    score=lambda p, labels: float(((p > 0.5) == (labels > 0.5)).mean()),
    metric="share of points right",
)
