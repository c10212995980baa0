"""The GRU on the digits, read row by row, in ten epochs of momentum."""

import numpy as np

from conformance.recipes.classification import accuracy, rows_batches, unseen_rows
from conformance.recipes.recipe import Recipe
from reference.models import gru_classifier

RECIPE = Recipe(
    model="gru_classifier",
    start=lambda: (gru_classifier.init(np.random.default_rng(0), inputs=8, hidden=40, classes=10), {}),
    data=rows_batches,
    optimizer="momentum",
    hyper={"lr": 0.125, "momentum": 0.875},
    steps=440,
    judged={"float64": 40, "float32": 100},
    test=unseen_rows,
    evaluate=gru_classifier.predict,
    score=accuracy,
    metric="test accuracy",
    at_least=0.95,
)
