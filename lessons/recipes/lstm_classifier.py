"""The LSTM on the digits, read row by row: ten epochs of gradient descent."""

import numpy as np

from lessons.recipes.classification import accuracy, rows_batches, unseen_rows
from lessons.recipes.recipe import Recipe
from reference.models import lstm_classifier

RECIPE = Recipe(
    model="lstm_classifier",
    start=lambda: (lstm_classifier.init(np.random.default_rng(0), inputs=8, hidden=32, classes=10), {}),
    data=rows_batches,
    optimizer="sgd",
    hyper={"lr": 1.0},
    steps=440,
    test=unseen_rows,
    evaluate=lstm_classifier.predict,
    score=accuracy,
    metric="test accuracy",
    at_least=0.95,
)
