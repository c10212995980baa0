"""The reference: neural-network mathematics derived by hand, in NumPy alone.

OPS, MODELS and OPTIMIZERS are explicit tables. A new op is one file and one line here.
"""

from reference.activations import (
    celu,
    elu,
    gelu,
    gelu_tanh,
    glu,
    hard_sigmoid,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    prelu,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
    threshold,
)
from reference.case import Case, Op, Optimizer
from reference.layers import (
    bilinear,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    depthwise_conv2d,
    embedding,
    linear,
    multi_head_attention,
    positional_embedding,
    rotary_embedding,
    scaled_dot_product_attention,
    separable_conv2d,
)
from reference.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    gaussian_nll,
    huber,
    kl_div,
    l1,
    log_cosh,
    mse,
    nll,
    poisson_nll,
    smooth_l1,
    soft_cross_entropy,
)
from reference.models import mlp, two_layer
from reference.optimizers import sgd

__all__ = ["MODELS", "OPS", "OPTIMIZERS", "Case", "Op", "Optimizer"]

OPS = {
    # activations
    "relu": Op.of(relu),
    "relu6": Op.of(relu6),
    "leaky_relu": Op.of(leaky_relu),
    "prelu": Op.of(prelu),
    "threshold": Op.of(threshold),
    "elu": Op.of(elu),
    "selu": Op.of(selu),
    "celu": Op.of(celu),
    "gelu": Op.of(gelu),
    "gelu_tanh": Op.of(gelu_tanh),
    "silu": Op.of(silu),
    "mish": Op.of(mish),
    "softplus": Op.of(softplus),
    "softsign": Op.of(softsign),
    "sigmoid": Op.of(sigmoid),
    "log_sigmoid": Op.of(log_sigmoid),
    "tanh": Op.of(tanh),
    "hard_sigmoid": Op.of(hard_sigmoid),
    "hard_tanh": Op.of(hard_tanh),
    "hard_swish": Op.of(hard_swish),
    "glu": Op.of(glu),
    "softmax": Op.of(softmax),
    "log_softmax": Op.of(log_softmax),
    # losses
    "mse": Op.of(mse),
    "l1": Op.of(l1),
    "huber": Op.of(huber),
    "smooth_l1": Op.of(smooth_l1),
    "log_cosh": Op.of(log_cosh),
    "binary_cross_entropy": Op.of(binary_cross_entropy),
    "binary_cross_entropy_with_logits": Op.of(binary_cross_entropy_with_logits),
    "cross_entropy": Op.of(cross_entropy),
    "soft_cross_entropy": Op.of(soft_cross_entropy),
    "nll": Op.of(nll),
    "kl_div": Op.of(kl_div),
    "poisson_nll": Op.of(poisson_nll),
    "gaussian_nll": Op.of(gaussian_nll),
    # layers
    "linear": Op.of(linear),
    "bilinear": Op.of(bilinear),
    "embedding": Op.of(embedding),
    "conv1d": Op.of(conv1d),
    "conv2d": Op.of(conv2d),
    "conv3d": Op.of(conv3d),
    "conv_transpose1d": Op.of(conv_transpose1d),
    "conv_transpose2d": Op.of(conv_transpose2d),
    "depthwise_conv2d": Op.of(depthwise_conv2d),
    "separable_conv2d": Op.of(separable_conv2d),
    "scaled_dot_product_attention": Op.of(scaled_dot_product_attention),
    "multi_head_attention": Op.of(multi_head_attention),
    "rotary_embedding": Op.of(rotary_embedding),
    "positional_embedding": Op.of(positional_embedding),
}

MODELS = {
    "two_layer": Op.of(two_layer),
    "mlp": Op.of(mlp),
}

OPTIMIZERS = {
    "sgd": Optimizer.of(sgd),
}
