"""The reference: neural-network mathematics derived by hand, in NumPy alone.

OPS, MODELS and OPTIMIZERS are explicit tables. A new op is one file and one line here.
"""

from reference.activations import relu, sigmoid, softmax, tanh
from reference.case import Case, Op, Optimizer
from reference.layers import linear
from reference.losses import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, mse
from reference.models import mlp, two_layer
from reference.optimizers import sgd

__all__ = ["MODELS", "OPS", "OPTIMIZERS", "Case", "Op", "Optimizer"]

OPS = {
    # activations
    "relu": Op.of(relu),
    "sigmoid": Op.of(sigmoid),
    "tanh": Op.of(tanh),
    "softmax": Op.of(softmax),
    # losses
    "mse": Op.of(mse),
    "binary_cross_entropy": Op.of(binary_cross_entropy),
    "binary_cross_entropy_with_logits": Op.of(binary_cross_entropy_with_logits),
    "cross_entropy": Op.of(cross_entropy),
    # layers
    "linear": Op.of(linear),
}

MODELS = {
    "two_layer": Op.of(two_layer),
    "mlp": Op.of(mlp),
}

OPTIMIZERS = {
    "sgd": Optimizer.of(sgd),
}
